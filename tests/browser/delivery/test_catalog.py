"""A large catalogue: a page loads the entry of its model, not those of all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Fault, Host, Hosting
from tests.split_site import split_site
from torch2web.site.manifest import MANIFEST
from torch2web.versions import VersionStore

NAMES = ("tern", "auk", "wren", "emu", "kiwi")
LOAD = """async ([name, options]) => {
    try {
        const model = await torch2web.loadModel(name, { threads: 1, backends: ["compiled"], ...options });
        const { name: found, title, cache } = model.info;
        const { label } = await model.predict(new ImageData(9, 9));
        await model.dispose();
        return { name: found, title, label, downloaded: cache.downloaded };
    } catch (error) {
        return probe.describe(error);
    }
}"""
CACHED = """async () => {
    const keys = (await Promise.all((await caches.keys()).map(async (name) =>
        (await (await caches.open(name)).keys()).map(({ url }) => url)))).flat();
    return keys.map((url) => url.split("/").slice(-2)).map(([folder, hash]) => [folder, hash]);
}"""

Load = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def site(tiny_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return split_site(tiny_site, tmp_path_factory.mktemp("split") / "site", NAMES)


@pytest.fixture
def host(site: Path, quiet_page: Page, host_of: Hosting) -> Host:
    host = host_of(site)
    open_harness(quiet_page, host)
    host.requests.clear()
    return host


@pytest.fixture
def load(quiet_page: Page, host: Host) -> Load:
    def run(name: str, **options: Any) -> dict[str, Any]:
        host.requests.clear()
        found: dict[str, Any] = quiet_page.evaluate(LOAD, [name, options])
        return found

    return run


def content(site: Path, path: str) -> Any:
    return json.loads((site / path).read_bytes())


def page_of(site: Path, name: str) -> Any:
    """The page of the catalogue that has `name`: its record."""
    return next(page for page in content(site, MANIFEST)["pages"] if name in content(site, page["path"]))


def entry_of(site: Path, name: str) -> Any:
    return content(site, page_of(site, name)["path"])[name]


def catalog_requests(host: Host) -> list[str]:
    return [path for path in host.requests if path.startswith("models/") and path.endswith(".json")]


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_only_the_entry_of_the_model_is_loaded(load: Load, host: Host, worker: bool) -> None:
    for name in ("wren", "auk"):
        found = load(name, worker=worker)
        assert (found.get("name"), found.get("title")) == (name, name.upper()), found
        expected = [page_of(host.site, name)["path"], entry_of(host.site, name)["path"]]
        asked = catalog_requests(host)
        assert asked[-2:] == expected
        assert asked[:-2] == ([MANIFEST] if name == "wren" else []), "the manifest is cached then"
    # The weights are the same; and the visitor returns without a request.
    assert not [path for path in host.requests if "/parts/" in path]
    load("wren", worker=worker)
    assert catalog_requests(host) == []


def test_unknown_models_are_refused(load: Load) -> None:
    for name in ("aardvark", "lark", "zebra", "constructor", "__proto__"):
        found = load(name)
        assert found["error"] == "ManifestError"
        assert f'it has no model "{name}"; listModels()' in found["message"]


@pytest.mark.parametrize("kind", ["page", "entry"])
def test_damaged_file_of_the_catalogue_is_refused(load: Load, host: Host, kind: str) -> None:
    file = page_of(host.site, "emu") if kind == "page" else entry_of(host.site, "emu")
    original = (host.site / file["path"]).read_bytes()
    host.faults[file["path"]] = Fault(body=original.replace(b"emu", b"owl"))
    found = load("emu")
    assert (found["error"], found["url"]) == ("IntegrityError", f"{host.url}{file['path']}")
    assert found["expected"] == file["sha256"]
    del host.faults[file["path"]]
    assert load("emu")["name"] == "emu", "nothing of it was kept"


def test_models_are_listed_in_the_order_of_the_catalogue(quiet_page: Page, host: Host) -> None:
    listed = quiet_page.evaluate("torch2web.listModels()")
    assert [model["name"] for model in listed] == list(NAMES)
    entry = content(host.site, entry_of(host.site, "emu")["path"])
    weights = entry["variants"][0]["weights"]["size"]
    assert listed[NAMES.index("emu")] == {
        "name": "emu",
        "title": "EMU",
        "version": entry["version"],
        "task": "classification",
        "labels": ["a", "b", "c", "d"],
        "bytes": weights + entry["plan"]["size"],
    }
    assert not [path for path in host.requests if "/entry-" in path or "/page-" in path]


def test_new_version_keeps_the_models_that_stayed(
    load: Load, quiet_page: Page, host: Host, tiny_site: Path, tmp_path: Path
) -> None:
    """Entries that the new index still names, and those on pages that nobody loaded again."""
    for name in NAMES:
        load(name)

    def change(model: dict[str, Any]) -> dict[str, Any]:
        return {**model, "version": "9.0.0"} if model["name"] in ("auk", "wren") else model

    newer = split_site(tiny_site, tmp_path / "newer", NAMES, change=change)
    old, host_site = {name: entry_of(host.site, name)["sha256"] for name in NAMES}, host.site
    assert entry_of(newer, "auk")["sha256"] != old["auk"]
    assert entry_of(newer, "emu")["sha256"] == old["emu"]
    host.replace(newer)
    open_harness(quiet_page, host)
    load("emu")
    assert catalog_requests(host) == [MANIFEST, page_of(newer, "emu")["path"]], "its entry stayed"
    kept = {sha256 for folder, sha256 in quiet_page.evaluate(CACHED) if folder == "torch2web-catalog"}
    assert old["auk"] not in kept, "the page of emu says that there is another one"
    assert {old["emu"], old["kiwi"], old["tern"], old["wren"]} <= kept
    assert page_of(host_site, "emu")["sha256"] not in kept
    load("wren")
    kept = {sha256 for folder, sha256 in quiet_page.evaluate(CACHED) if folder == "torch2web-catalog"}
    assert old["wren"] not in kept


def test_store_of_versions(load: Load, site: Path, host: Host, tiny_site: Path, tmp_path: Path) -> None:
    """Open pages of the old build, and names with versions, find their entries beside the latest site."""
    newer = split_site(
        tiny_site, tmp_path / "newer", NAMES, change=lambda model: {**model, "version": "2.0.0"}
    )
    store = VersionStore(tmp_path / "store")
    store.publish(site)
    store.publish(newer)
    latest = store.folder / "latest"
    files = (file for file in latest.rglob("*") if file.is_file())
    host.extras = {f"latest/{file.relative_to(latest).as_posix()}": file for file in files}
    assert load("emu@1", baseURL=f"{host.url}latest/")["name"] == "emu"
    assert f"latest/{entry_of(site, 'emu')['path']}" in host.requests
    assert load("emu@2", baseURL=f"{host.url}latest/")["name"] == "emu"
    assert f"latest/{entry_of(newer, 'emu')['path']}" in host.requests

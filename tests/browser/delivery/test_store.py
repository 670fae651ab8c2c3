"""A store of versions: names with versions, pages that pin an old build, and canaries."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.parted import MODEL, hashes, next_version, parts_of, requested
from tests.browser.server import Fault, Host, Hosting
from tests.browser.sites import manifest_of
from tests.keys import signed_copy, write_pair
from torch2web.site.manifest.layout import MANIFEST, SUMS
from torch2web.site.signing import SigningKey
from torch2web.store import integrity, sha256_of
from torch2web.versions import VersionStore
from torch2web.versions.index import INDEX

LOAD = """async ([name, options]) => {
    try {
        const model = await torch2web.loadModel(name, { threads: 1, backends: ["compiled"], ...options });
        const { version, manifest } = model.info;
        await model.predict(new ImageData(9, 9));
        await model.dispose();
        return { version, ...manifest };
    } catch (error) {
        return probe.describe(error);
    }
}"""
DRAWS = "draw => localStorage.setItem('torch2web-draw', String(draw))"


def with_version(site: Path, version: str) -> Path:
    """`site` with this version of its model, its checksums written anew."""
    manifest = site / MANIFEST
    text = manifest.read_text()
    old = manifest_of(site)["models"][0]["version"]
    manifest.unlink()
    manifest.write_text(text.replace(f'"version": "{old}"', f'"version": "{version}"'))
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    (site / SUMS).unlink()
    lines = [f"{sha256_of(site / path)}  {path}\n" for path in files if path != SUMS]
    (site / SUMS).write_text("".join(lines))
    return site


@pytest.fixture(scope="module")
def builds(parted_site: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Versions 1.0.0 and 1.2.0, which differ in one part of the weights."""
    folder = tmp_path_factory.mktemp("builds")
    first = shutil.copytree(parted_site, folder / "first")
    second = next_version(parted_site, folder)
    return with_version(first, "1.0.0"), with_version(second, "1.2.0")


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path / "store")


Load = Callable[..., dict[str, Any]]


@pytest.fixture
def visit(quiet_page: Page, parted_site: Path, host_of: Hosting, store: VersionStore) -> Load:
    """`visit(version, **options)` loads in a new page from the store's latest site, at /latest/."""
    host: Host = host_of(parted_site)

    def run(version: str, **options: Any) -> dict[str, Any]:
        open_harness(quiet_page, host)
        latest = store.folder / "latest"
        files = (file for file in latest.rglob("*") if file.is_file())
        host.extras = {f"latest/{file.relative_to(latest).as_posix()}": file for file in files}
        host.requests.clear()
        given = {"baseURL": f"{host.url}latest/", **options}
        return {**quiet_page.evaluate(LOAD, [f"{MODEL}@{version}", given]), "parts": requested(host)}

    run.page, run.host = quiet_page, host  # type: ignore[attr-defined]
    return run


def test_names_with_versions(visit: Load, store: VersionStore, builds: tuple[Path, Path]) -> None:
    first, second = builds
    pin = integrity(sha256_of(first / MANIFEST))
    store.publish(first)
    found = visit("1")
    assert (found["version"], found["integrity"]) == ("1.0.0", pin)
    assert not found["pinned"], "whoever changes the index changes what is loaded"
    store.publish(second)
    # A page that pinned the old build goes on, without a look at the index.
    found = visit("1", integrity=pin)
    assert found == {"version": "1.0.0", "integrity": pin, "pinned": True, "parts": []}
    assert f"latest/{INDEX}" not in visit.host.requests  # type: ignore[attr-defined]
    # Visitors download only what changed.
    found = visit("1")
    assert found["version"] == "1.2.0"
    changed = hashes(parts_of(second)) - hashes(parts_of(first))
    assert len(changed) == 1
    assert found["parts"] == [f"latest/{part.path}" for part in parts_of(second) if part.sha256 in changed]
    # And keep both versions.
    found = visit("1.0.0")
    assert found == {"version": "1.0.0", "integrity": pin, "pinned": False, "parts": []}
    assert (visit("1.2")["version"], visit("latest")["version"]) == ("1.2.0", "1.2.0")
    for version in ("2", "1.0.1", "constructor"):
        found = visit(version)
        assert found["error"] == "ManifestError", found
        assert f'the store has no "{MODEL}@{version}"; of {MODEL} it has 1.0.0, 1.2.0' in found["message"]
    found = visit("1.2", integrity=pin)
    assert f'it has no model "{MODEL}@1.2"; it has {MODEL}@1.0.0' in found["message"]
    store.rollback()
    assert visit("1")["version"] == "1.0.0"


def test_canary_by_visitor(visit: Load, store: VersionStore, builds: tuple[Path, Path]) -> None:
    first, second = builds
    store.publish(first)
    store.publish(second, 0.25)
    shift = int(sha256_of(second / MANIFEST)[:8], 16) / 2**32
    page: Page = visit.page  # type: ignore[attr-defined]
    for moved, version in ((0.1, "1.2.0"), (0.24, "1.2.0"), (0.26, "1.0.0"), (0.9, "1.0.0")):
        visit("1")
        page.evaluate(DRAWS, (moved - shift) % 1)
        assert [visit("latest")["version"] for _ in range(2)] == [version] * 2
        assert visit("1")["version"] == "1.0.0"
    page.evaluate("localStorage.clear()")
    drawn = visit("latest")["version"]
    kept = page.evaluate("Number(localStorage.getItem('torch2web-draw'))")
    assert 0 <= kept < 1
    assert drawn == ("1.2.0" if (kept + shift) % 1 < 0.25 else "1.0.0")
    # Without memory of visitors none gets the canary.
    page.add_init_script("Storage.prototype.getItem = () => { throw new Error('denied'); }")
    store.publish(second, 1)
    assert visit("latest")["version"] == "1.0.0"


def test_index_is_signed(visit: Load, store: VersionStore, builds: tuple[Path, Path], tmp_path: Path) -> None:
    pair = write_pair(tmp_path / "keys")
    signed = VersionStore(store.folder, SigningKey.read(pair.private))
    signed.publish(signed_copy(builds[0], tmp_path / "signed", pair))
    found = visit("1", publicKey=pair.pem)
    assert (found["version"], found["pinned"]) == ("1.0.0", True)
    host: Host = visit.host  # type: ignore[attr-defined]
    index = store.folder / "latest" / INDEX
    host.faults[f"latest/{INDEX}"] = Fault(index.read_bytes().replace(b'"latest":1', b'"latest":2'))
    found = visit("1", publicKey=pair.pem)
    assert (found["error"], found["parts"]) == ("SignatureError", [])
    host.faults[f"latest/{INDEX}"] = Fault(b"[]")
    assert "versions.json is no index" in visit("1")["message"]

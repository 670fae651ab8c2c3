"""A loader and a site of different versions: what fits works, the rest is an error that says both."""

import json
import os
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Host, Hosting
from torch2web.site.manifest.layout import MANIFEST
from torch2web.store import integrity, sha256_of, write_bytes_hashed

MODEL = "mobilenet_emotion"
OURS = version("torch2web")
EMPTY_MODULE = b"\0asm\1\0\0\0"
DOES = {
    "0.9.0": f"by torch2web 0.9.0, this loader is of torch2web {OURS}: update the loader to that version "
    "(npm install the site's torch2web-0.9.0.tgz), or import the site's own torch2web.js.",
    "0.0.9": f"by torch2web 0.0.9, this loader is of torch2web {OURS}: build the site again with "
    f"torch2web {OURS}, or use the npm package of version 0.0.9, or import the site's own torch2web.js.",
}
"""What to do with a site of another version."""

LOAD = """async ([baseURL, name, call, options]) => {
    const { loadModel, loadEnsemble, listModels } = torch2web;
    try {
        if (call === "list") return (await listModels(baseURL, options)).length;
        const given = { baseURL, threads: 1, ...options };
        const model = call === "ensemble"
            ? (await loadEnsemble([name], given)).models[0]
            : await loadModel(name, given);
        const { label } = await model.predict(`${baseURL}samples/tired-1.jpg`);
        const { backend, worker } = model;
        await model.dispose();
        return { label, backend, worker: worker.used };
    } catch (error) {
        return probe.describe(error);
    }
}"""

Load = Callable[..., Any]


@pytest.fixture
def other_site(small_site: Path, tmp_path: Path) -> Path:
    """Models, engine and onnxruntime-web of a site: its loader is of another version."""
    target = tmp_path / "site"
    shutil.copytree(small_site, target, ignore=shutil.ignore_patterns("*.js"), copy_function=os.link)
    return target


@pytest.fixture
def load(page: Page, small_site: Path, other_site: Path, host_of: Hosting) -> Load:
    """`load(change, call, **options)` loads from the other site, at /other/, whose manifest gets `change`."""
    host: Host = host_of(small_site)
    open_harness(page, host)
    page.evaluate("() => { globalThis.said = []; console.warn = (text) => said.push(text); }")

    def run(change: dict[str, Any], call: str = "model", **options: Any) -> Any:
        path = other_site / MANIFEST
        changed = json.dumps({**json.loads(path.read_bytes()), **change})
        path.unlink()  # it is a link
        path.write_text(changed)
        files = (file for file in other_site.rglob("*") if file.is_file())
        host.extras |= {f"other/{file.relative_to(other_site).as_posix()}": file for file in files}
        options = {"integrity": integrity(sha256_of(path)), "cache": False, **options}
        return page.evaluate(LOAD, [f"{host.url}other/", MODEL, call, options])

    return run


def of_version(number: str, **change: Any) -> dict[str, Any]:
    return {"generator": f"torch2web {number}", **change}


CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("model", {}),
    ("model", {"worker": False}),
    ("ensemble", {}),
    ("list", {}),
)


@pytest.mark.parametrize("number", DOES)
@pytest.mark.parametrize(("call", "options"), CALLS, ids=["worker", "page", "ensemble", "list"])
def test_other_schema_is_refused(load: Load, number: str, call: str, options: dict[str, Any]) -> None:
    schema = 3 if number == "0.9.0" else 0
    found = load(of_version(number, schema_version=schema), call, **options)
    assert found["error"] == "ManifestError"
    expected = f"schema_version: found {schema}, expected 1 or 2. The site was built {DOES[number]}"
    assert found["message"] == f"model_info.json: {expected}"


def test_the_same_schema_works(load: Load) -> None:
    """Whatever the versions, without a warning: the self-check compares the numbers."""
    for number in DOES:
        found = load(of_version(number))
        assert (found["label"], found["backend"]["name"], found["worker"]) == ("Tired", "compiled", True)


def other_engine(site: Path, number: str) -> dict[str, Any]:
    """A manifest of another engine: newer ones have another interface, older ones fewer calls."""
    engine = json.loads((site / MANIFEST).read_bytes())["engine"]
    if number == "0.9.0":
        return of_version(number, engine={**engine, "interface": 2})
    part = write_bytes_hashed(site, "engine/empty.wasm", EMPTY_MODULE).as_dict()
    empty = {"size": part["size"], "sha256": part["sha256"], "parts": [part]}
    files = dict.fromkeys(engine["files"], empty)
    return of_version(number, engine={"version": engine["version"], "files": files})


@pytest.mark.parametrize("number", DOES)
@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_other_engine_is_refused(load: Load, page: Page, other_site: Path, number: str, worker: bool) -> None:
    """onnxruntime-web runs the model instead, where it may."""
    change = other_engine(other_site, number)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    found = load(change, worker=worker)
    assert (found["label"], found["backend"]["name"], found["worker"]) == ("Tired", "wasm", worker)
    (rejected,) = found["backend"]["rejected"]
    newer = number == "0.9.0"
    problem = f"The site's engine has the interface 2, this loader calls 1. The site was built {DOES[number]}"
    assert (rejected["reason"] == problem) == newer
    warned = said if worker else page.evaluate("said")
    assert ([text for text in warned if problem in text] != []) == newer
    found = load(change, worker=worker, backends=["compiled"])
    assert found["error"] == "BackendError"
    assert found["message"].endswith(DOES[number])
    assert found["message"].count("The site was built") == 1
    found = load(change, worker=worker, backends=["wasm"])
    assert (found["label"], found["backend"]["rejected"]) == ("Tired", [])


@pytest.mark.parametrize("number", DOES)
def test_backend_that_fails_otherwise_says_so_too(load: Load, number: str) -> None:
    """As the cause may be the version; with that of the loader nothing is added."""
    found = load(of_version(number), backends=["webgpu"])
    assert "no graphics adapter" in found["message"]
    assert found["message"].endswith(DOES[number])
    found = load(of_version(OURS), backends=["webgpu"])
    assert found["message"].endswith("no graphics adapter for it.")


def test_site_that_does_not_say_its_version(load: Load) -> None:
    found = load({"generator": "by hand", "schema_version": None})
    assert "The site was built by by hand, this loader is of" in found["message"]
    assert f"build the site again with torch2web {OURS}, or import" in found["message"]

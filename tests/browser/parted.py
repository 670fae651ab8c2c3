"""A site whose files have many download parts, and how a page loads them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from tests.browser.mutants import copy_site
from tests.browser.parity import open_harness
from tests.browser.server import Host
from tests.browser.sites import manifest_of, model_of, script_of, session_of, variant_of
from torch2web.assets import load_assets
from torch2web.images.golden import golden_input
from torch2web.images.preprocessing import Preprocessing
from torch2web.site.manifest.layout import ENTRY, MANIFEST
from torch2web.site.writers.loader import stub_of
from torch2web.store.hashing import sha256_of
from torch2web.store.parts import PART_SIZE, PARTS, join_parts, write_named, write_parts
from torch2web.verification.onnx_session import run_session

MODEL = "mobilenet_emotion"
SKIP_PAUSES = (
    "{ const wait = setTimeout; setTimeout = (f, ms) => wait(f, ms === 300 || ms === 600 ? 0 : ms); }"
)
"""Ends the loader's pauses between tries at once: the tests of faults make hundreds of them."""


@dataclass(frozen=True)
class Part:
    path: str
    sha256: str
    size: int
    decoded: int | None = None


ENGINE = ("engine", "plan", "weights")
"""What the compiled engine fetches, on one thread in a browser with relaxed SIMD."""

ONNXRUNTIME = ("wasm", "graph", "weights")
"""What onnxruntime-web fetches in parts."""


def parts_of(site: Path, *kinds: str) -> list[Part]:
    """The parts of what the compiled engine fetches, or of these kinds; `weights` of the default variant."""
    manifest, model = manifest_of(site), model_of(site, MODEL)
    files = {
        "engine": manifest["engine"]["files"]["relaxed"],
        "plan": model["plan"],
        "wasm": manifest["runtime"]["files"]["wasm"],
        "graph": model["graph"],
        "weights": variant_of(site, MODEL)["weights"],
    }
    return [Part(**part) for kind in kinds or ENGINE for part in files[kind]["parts"]]


def open_page(page: Page, host: Host) -> None:
    """Open the harness: memory of the page is empty, storage on the device is kept."""
    open_harness(page, host)
    page.evaluate("import('/harness/kept.js')")
    host.requests.clear()


DEFAULTS = {"backends": ["compiled"], "threads": 1}

ON_ONNXRUNTIME = {"backends": ["wasm"], "threads": 1}
"""By the backend whose files are the largest and the most."""

CALL = """([name, options]) => kept.within(probe.attempt(name, async () => {
    const image = new ImageData(40, 30);
    image.data.forEach((_, i) => (image.data[i] = (i * 7) % 256));
    return image;
}, options))"""


def attempt(page: Page, **options: Any) -> dict[str, Any]:
    result: dict[str, Any] = page.evaluate(CALL, [MODEL, {**DEFAULTS, **options}])
    assert result["predictions"] == ("error" not in result)
    return result


def begin(page: Page, **options: Any) -> None:
    """Start an attempt; `end` waits for it."""
    page.evaluate(f"argument => {{ window.result = ({CALL})(argument); }}", [MODEL, {**DEFAULTS, **options}])


def end(page: Page) -> dict[str, Any]:
    result: dict[str, Any] = page.evaluate("kept.within(window.result)")
    return result


def load(page: Page, **options: Any) -> dict[str, Any]:
    """Load and predict; return `model.info.cache` and the label."""
    result = attempt(page, **options)
    assert "error" not in result, result
    return result


def requested(host: Host) -> list[str]:
    """The parts requested since the page was opened."""
    return [path for path in host.requests if path.endswith((".bin", ".wasm"))]


def stored(page: Page) -> set[str]:
    """The hashes of the cached parts, after a check that each entry has the content of its hash."""
    entries = page.evaluate("kept.list()")
    assert [entry for entry in entries if entry["key"] != entry["sha256"]] == []
    return {entry["key"] for entry in entries}


def wait_for_lock(page: Page) -> None:
    """Wait until a tab waits for the lock of another one."""
    # A page always waits for the lock of its worker.
    waiting = "pending.some(({ name }) => name.includes('://'))"
    page.wait_for_function(f"() => navigator.locks.query().then(({{ pending }}) => {waiting})")


def hashes(parts: Iterable[Part]) -> set[str]:
    return {part.sha256 for part in parts}


def next_version(site: Path, folder: Path) -> Path:
    """A later build of `site`: one weight in the last part of the default variant differs."""
    target = copy_site(site, folder / "site")
    weights = variant_of(site, MODEL)["weights"]
    content = join_parts(site, weights)
    last = weights["parts"][-1]
    changed = content[-last.get("decoded", last["size"]) : -1] + bytes([content[-1] ^ 1])
    manifest = manifest_of(site)
    model = next(model for model in manifest["models"] if model["name"] == MODEL)
    variant = model["variants"][0]
    parts = [*weights["parts"][:-1], write_named(target, PARTS, changed).as_dict()]
    coding = {"coding": weights["coding"]} if any("decoded" in part for part in parts) else {}
    size = sum(part["size"] for part in parts)
    variant["weights"] = {"size": size, "sha256": weights["sha256"], **coding, "parts": parts}
    (target / last["path"]).unlink()
    _write(target / MANIFEST, json.dumps(manifest).encode())
    golden = variant["golden"]
    inputs = golden_input(golden["seed"], Preprocessing.from_dict(model["preprocessing"]))
    before = np.array(golden["logits"])
    golden["logits"] = run_session(session_of(target, MODEL), inputs).tolist()
    assert np.abs(before - golden["logits"]).max() > 0, "the weight counts"
    return _with_manifest(target, manifest)


def without_coding(site: Path, folder: Path) -> Path:
    """`site` with all weights stored as they are, as sites of earlier versions have them."""
    target = copy_site(site, folder / "site")
    manifest = manifest_of(site)
    for model in manifest["models"]:
        for variant in model["variants"]:
            content = join_parts(site, variant["weights"])
            variant["weights"] = write_parts(target, PARTS, content, PART_SIZE).as_dict()
    return _with_manifest(target, manifest)


def with_damaged_code(site: Path, folder: Path) -> Path:
    """`site` with a coded part that lacks its last byte, and the hash of what is left."""
    target = copy_site(site, folder / "site")
    manifest = manifest_of(site)
    weights = next(model for model in manifest["models"] if model["name"] == MODEL)["variants"][0]["weights"]
    part = weights["parts"][0]
    damaged = write_named(target, PARTS, (site / part["path"]).read_bytes()[:-1])
    part |= damaged.as_dict()
    weights["size"] -= 1
    return _with_manifest(target, manifest)


def _with_manifest(site: Path, manifest: dict[str, Any]) -> Path:
    """`site` with this manifest, which its entry pins."""
    _write(site / MANIFEST, json.dumps(manifest).encode())
    _write(site / ENTRY, stub_of(load_assets(), script_of(site), sha256_of(site / MANIFEST)))
    return site


def _write(path: Path, content: bytes) -> None:
    """Replace a file that is a link to the original's."""
    path.unlink()
    path.write_bytes(content)

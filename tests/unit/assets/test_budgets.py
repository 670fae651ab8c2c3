"""The bundled loader and the engine: size budgets, and pinned dependencies."""

import json
import re
from pathlib import Path

import pytest

from tests.browser.sites import runtime_of, script_of
from tests.conftest import ROOT
from torch2web.errors import BudgetError, ToolError
from torch2web.site.manifest.layout import ENTRY, MANIFEST, OFFLINE
from torch2web.store.hashing import sha256_of
from web.build import scripts as webassets
from web.build.engine import build_engine
from web.build.scripts import (
    BUDGETS,
    build_scripts,
    check_engine_budgets,
    check_script_budgets,
    runtime_files,
    runtime_version,
)


def test_scripts_fit_their_budgets(cache: Path) -> None:
    scripts = build_scripts(cache / "test-web")
    budgets = json.loads(BUDGETS.read_text())
    assert {
        name: size for name, size in check_script_budgets(scripts).items() if not 300 < size <= budgets[name]
    } == {}
    assert budgets["torch2web.js"] == 27.5 * 1024


@pytest.mark.parametrize("name", ["torch2web.js", "images.js", "page.js"])
def test_larger_script_fails_the_build(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    budgets = tmp_path / "budgets.json"
    budgets.write_text(json.dumps({**json.loads(BUDGETS.read_text()), name: 1000}))
    monkeypatch.setattr(webassets, "BUDGETS", budgets)
    with pytest.raises(BudgetError, match=rf"{name} is .* bytes gzipped, over its budget of 1,000"):
        build_scripts(cache / "test-web")


def test_engine_fits_its_budgets(cache: Path) -> None:
    modules = build_engine(cache / "web")
    budgets = json.loads(BUDGETS.read_text())
    assert {name: size for name, size in check_engine_budgets(modules).items() if not size > 9000} == {}
    assert {budgets[name] for name in modules} == {32 * 1024}


def test_larger_engine_fails_the_build(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    budgets = tmp_path / "budgets.json"
    budgets.write_text(json.dumps({**json.loads(BUDGETS.read_text()), "engine-threads.wasm": 1000}))
    monkeypatch.setattr(webassets, "BUDGETS", budgets)
    with pytest.raises(
        BudgetError, match=r"engine-threads\.wasm is .* bytes in brotli, over its budget of 1,000"
    ):
        check_engine_budgets(build_engine(cache / "web"))


def test_scripts_are_the_same_in_every_site(demo_site: Path, small_site: Path) -> None:
    """Only the stub, which pins the manifest, and the first line of the service worker differ."""
    assert script_of(demo_site) == script_of(small_site)
    for name in (script_of(small_site, "page"), "verify.js", "torch2web.d.ts"):
        assert (demo_site / name).read_bytes() == (small_site / name).read_bytes()
    offline, stubs = [], []
    for site in (demo_site, small_site):
        listing, _, script = (site / OFFLINE).read_bytes().partition(b"\n")
        assert listing.startswith(b"self.torch2webShell={")
        offline.append(script)
        stubs.append((site / ENTRY).read_text().replace(sha256_of(site / MANIFEST), "HASH"))
    assert offline[0] == offline[1]
    assert stubs[0] == stubs[1]
    assert "HASH" in stubs[0]


def test_no_eval_no_blob_no_other_origin(demo_site: Path) -> None:
    loader = script_of(demo_site)
    scripts = [script_of(demo_site, name) for name in ("torch2web", "images", "sha256", "page")]
    for name in scripts:
        text = (demo_site / name).read_text()
        assert "eval(" not in text
        assert "new Function" not in text
        # Not addresses but signatures of formats: of a Git LFS pointer, of XMP data in a JPEG.
        assert set(re.findall(r"https?://[a-z][\w.-]*", text)) <= {"https://git-lfs", "http://ns.adobe.com"}
    assert "createObjectURL" not in (demo_site / loader).read_text()
    assert "new Function" not in (demo_site / runtime_of(demo_site)["glue"]).read_text()


def test_failing_tool_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"node build\.mjs nonsense: failed with exit code 1"):
        webassets._bundled(tmp_path, "nonsense", "")


def test_lock_file_pins_everything_and_names_no_registry() -> None:
    text = (ROOT / "web/package-lock.json").read_text()
    assert "resolved" not in text
    packages = json.loads(text)["packages"]
    assert all("integrity" in entry for name, entry in packages.items() if name)
    assert packages["node_modules/onnxruntime-web"]["version"] == runtime_version() == "1.30.0"
    wanted = packages[""]["dependencies"] | packages[""]["devDependencies"]
    # An alias has the form npm:package@version.
    versions = [version.rpartition("@")[2] for version in wanted.values()]
    assert all(version[0].isdigit() for version in versions), "exact versions only"


def test_runtime_is_the_wasm_only_entry() -> None:
    assert [path.name for path in runtime_files("cpu").values()] == [
        "ort.wasm.min.mjs",
        "ort-wasm-simd-threaded.mjs",
        "ort-wasm-simd-threaded.wasm",
    ]

"""verify.html in Chromium: Python in the page checks the loader's results."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.mutants import PATCHES, SELF_CHECK_OFF, patched_loader_site
from tests.browser.server import Fault, Hosting, hosting
from tests.browser.sites import script_of, weights_of
from tests.browser.verify_page import download_results, names_of_tests, open_verify_page
from tests.conftest import ROOT, run_build
from tests.materials import images
from tests.tiny_network import write_tiny_catalog
from torch2web.verification.neutral_images import neutral_images
from torch2web.verification.reference_images import reference_images

CATALOG = tomllib.loads((ROOT / "models.toml").read_text())["models"]
PICTURES = [image.name for image in images()]
MANIFEST_FILES = ["model_info.json", "model_info.schema.json"]
VARIANTS = {
    "mobilenet_emotion": ("compact", "int8", "fp16", "fp32"),
    "landmark_cnn_emotion": ("compact", "int8", "int8_matrix", "fp16", "fp32"),
    "efficientnet_emotion": ("compact", "int8", "fp16", "fp32"),
}
"""Of the three demo models, the default first."""


NEUTRAL_PICTURES = [image.name for image in reference_images(neutral_images())]
"""Reference images of a network that is not the demo's, which show no faces."""
NAMES = {
    "tiny_site": names_of_tests(["tiny/compact"], NEUTRAL_PICTURES, MANIFEST_FILES),
    "demo_site": names_of_tests(
        [f"{name}/{variant}" for name, variants in VARIANTS.items() for variant in variants],
        PICTURES,
        [*(model["output"] for model in CATALOG), *MANIFEST_FILES],
    ),
}
"""The page's tests: of the tiny network as visitors are served it, and of all the demo's variants."""
TENSORS = "in_page.test_tensors::test_tensor_by_standard_library[tiny/compact-"


@pytest.mark.parametrize(("site", "chosen"), [("tiny_site", "default"), ("demo_site", "all")])
def test_judge_in_the_page(
    request: pytest.FixtureRequest,
    page: Page,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    site: str,
    chosen: str,
) -> None:
    """Every test of the page passes, and exactly the expected tests ran."""
    violations: list[str] = []
    page.on(
        "console",
        lambda message: violations.append(message.text) if "Content Security" in message.text else None,
    )
    with hosting(request.getfixturevalue(site)) as host:
        verdict = open_verify_page(page, host, "?run&variants=all" if chosen == "all" else "?run")
        assert host.outcomes.empty(), "nothing is sent without being asked for"
        results = download_results(page, tmp_path)
        skipped = {
            result.message.splitlines()[0] for result in results.values() if result.outcome == "skipped"
        }
        assert all(f"not run: {message}" in page.inner_text("#verdict-lines") for message in skipped)
        titles = page.locator("#tests summary span:first-child").all_inner_texts()
        assert "✓ The raw scores are PyTorch's" in titles
        assert [title for title in titles if "pythons" in title] == []
    assert violations == []
    assert sorted(results) == sorted(NAMES[site]), "these tests and no others ran"
    record_property("checks", len(results))
    wrong = {name: result.message for name, result in results.items() if result.outcome == "failed"}
    assert wrong == {}
    assert verdict == "passed"
    if skipped:
        pytest.skip("; ".join(sorted(skipped)))


def test_outcome_is_sent_where_the_address_asks_for_it(page: Page, tiny_site: Path, host_of: Hosting) -> None:
    host = host_of(tiny_site)
    # Also without JSPI, as in browsers where Python cannot wait for a promise.
    page.add_init_script("delete WebAssembly.Suspending; delete WebAssembly.promising;")
    assert open_verify_page(page, host, "?post=secret") == "passed"
    outcome = host.wait_for_outcome(10)
    assert outcome is not None
    manifest = json.loads((tiny_site / "verify/python/facts.json").read_text())["manifest_sha256"]
    assert outcome["manifest_sha256"] == manifest
    assert outcome["verdict"] == "passed"
    assert len(outcome["tests"]) == len(NAMES["tiny_site"])
    (model,) = outcome["models"]
    assert model["name"] == "tiny/compact"
    assert 0 < model["max_abs_diff"] < 1e-4
    assert "compiled engine" in model["backend"]


@pytest.mark.parametrize("fault", ["mean and std swapped", "no rounding of coefficients"])
def test_wrong_loader_fails(
    page: Page, tiny_site: Path, host_of: Hosting, tmp_path: Path, fault: str
) -> None:
    site = patched_loader_site(tiny_site, tmp_path, PATCHES[fault], SELF_CHECK_OFF)
    assert open_verify_page(page, host_of(site)) == "failed"
    results = download_results(page, tmp_path)
    wrong = {name for name, result in results.items() if result.outcome == "failed"}
    assert any(name.startswith(TENSORS) for name in wrong)
    assert not any("test_files" in name for name in wrong), "the files are right"


def test_wrong_model_fails(page: Page, tiny_site: Path, host_of: Hosting) -> None:
    host = host_of(tiny_site)
    path = weights_of(tiny_site, "tiny")[0]
    weights = bytearray((tiny_site / path).read_bytes())
    weights[len(weights) // 2] ^= 1
    host.faults[path] = Fault(bytes(weights))
    assert open_verify_page(page, host) == "failed"
    assert "IntegrityError" in page.locator("#tests").inner_text()


@pytest.mark.parametrize(
    "path",
    [
        "verify/pyodide/pyodide.asm.wasm",
        "verify/pyodide/python_stdlib.zip",
        "verify/python/in_page/oracle.py",
    ],
)
def test_changed_file_of_the_judge_stops_it(page: Page, tiny_site: Path, host_of: Hosting, path: str) -> None:
    host = host_of(tiny_site)
    content = bytearray((tiny_site / path).read_bytes())
    content[len(content) // 2] ^= 1
    host.faults[path] = Fault(bytes(content))
    assert open_verify_page(page, host) == "incomplete"
    assert page.locator("#tests li").count() == 0


def test_visitors_of_the_front_page_download_none_of_it(
    page: Page, small_site: Path, host_of: Hosting
) -> None:
    host = host_of(small_site)
    page.goto(host.url)
    page.locator(".sample").first.click()
    page.wait_for_selector("#facts-list:not([hidden])", state="attached")
    assert script_of(small_site) in host.requests
    assert [path for path in host.requests if "verify" in path] == []
    page.click("#details summary")
    page.get_by_role("link", name="Have Python check this device").click()
    page.wait_for_selector("html[data-ready]")
    assert [path for path in host.requests if path.startswith("verify/")] == []


def test_without_the_page(tmp_path: Path, cache: Path) -> None:
    site = tmp_path / "site"
    result = run_build("--only", "mobilenet_emotion", "--no-verify-page", "--out", site, "--cache", cache)
    assert result.returncode == 0, result.stderr
    assert not [path for path in site.rglob("*") if "verify" in path.name]
    assert "verify" not in (site / "index.html").read_text()
    assert "verify" not in (site / "SHA256SUMS").read_text()


def test_both_judges_follow_a_model_cards_steps(
    page: Page, host_of: Hosting, tmp_path: Path, cache: Path
) -> None:
    """Shorter side, crop and padding, each checked by Python on every image."""
    site = tmp_path / "site"
    steps = """steps = [
      { op = "resize", size = 39, filter = "bicubic" },
      { op = "center_crop", size = [28, 26] },
      { op = "pad", padding = [2, 1, 4, 3], mode = "reflect" },
    ]"""
    short = 'resize = [32, 32]\nfilter = "bilinear"'
    options = [*write_tiny_catalog(tmp_path), "--no-precompressed", "--no-docs"]
    catalog = tmp_path / "tiny.toml"
    assert short in catalog.read_text()
    catalog.write_text(catalog.read_text().replace(short, steps))
    result = run_build(*options, "--out", site, "--cache", cache)
    assert result.returncode == 0, result.stderr
    assert open_verify_page(page, host_of(site)) == "passed"

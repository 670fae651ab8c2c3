"""Tests of the parity check itself: builds with one fault each, all of which are caught."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.expected import Expected
from tests.browser.mutants import PATCHES, SELF_CHECK_OFF, patched_loader_site, scaled_weight_site
from tests.browser.parity import compare_in_page, open_harness
from tests.browser.server import Fault, Host, Hosting
from tests.browser.sites import weights_of
from torch2web.catalog.load import ModelSpec

MODEL = "mobilenet_emotion"
NEEDS_NO_SELF_CHECK = {"RGB and BGR swapped", "mean and std swapped"}
"""Faults that the golden input meets too."""


Prepared = Callable[[Path], Host]


@pytest.fixture
def prepared(pictures: dict[str, Path], host_of: Hosting) -> Prepared:
    """`prepared(site)` serves a site together with the reference images."""

    def serve(site: Path) -> Host:
        host = host_of(site)
        host.extras = {f"pictures/{name}": path for name, path in pictures.items()}
        return host

    return serve


@pytest.mark.parametrize("fault", PATCHES)
def test_wrong_preprocessing_is_caught_by_the_comparison(
    fault: str, page: Page, prepared: Prepared, expected: Expected, small_site: Path, tmp_path: Path
) -> None:
    site = patched_loader_site(small_site, tmp_path, PATCHES[fault], SELF_CHECK_OFF)
    problems = compare_in_page(page, prepared(site), MODEL, expected.answers(MODEL, "fp32"), "fp32")
    assert any("tensor differs" in problem for problem in problems), problems
    if "rounding" not in fault and "vertical" not in fault:
        assert any("logits differ" in problem for problem in problems), problems


@pytest.mark.parametrize("fault", sorted(NEEDS_NO_SELF_CHECK))
def test_wrong_colours_are_refused_by_the_self_check(
    fault: str, page: Page, prepared: Prepared, small_site: Path, tmp_path: Path
) -> None:
    site = patched_loader_site(small_site, tmp_path, PATCHES[fault])
    open_harness(page, prepared(site))
    result = page.evaluate("name => probe.attempt(name, () => new ImageData(9, 9))", MODEL)
    assert result["error"] == "BackendError"
    assert "off by" in result["message"]
    assert result["predictions"] == 0


def test_scaled_weight_is_caught_by_the_comparison(
    page: Page,
    prepared: Prepared,
    expected: Expected,
    small_site: Path,
    catalog: dict[str, ModelSpec],
    tmp_path: Path,
) -> None:
    wrong = scaled_weight_site(small_site, tmp_path / "wrong", catalog[MODEL])
    site = patched_loader_site(wrong, tmp_path, SELF_CHECK_OFF)
    problems = compare_in_page(page, prepared(site), MODEL, expected.answers(MODEL, "fp32"), "fp32")
    assert any("logits differ" in problem for problem in problems), problems
    assert not any("tensor differs" in problem for problem in problems), problems


def test_scaled_weight_is_refused_by_the_self_check(
    page: Page, prepared: Prepared, small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path
) -> None:
    site = scaled_weight_site(small_site, tmp_path, catalog[MODEL])
    open_harness(page, prepared(site))
    result = page.evaluate("name => probe.attempt(name, () => new ImageData(9, 9))", MODEL)
    assert result["error"] == "BackendError"
    assert result["predictions"] == 0


def test_one_flipped_byte_of_the_model_is_refused(page: Page, prepared: Prepared, small_site: Path) -> None:
    path = weights_of(small_site, MODEL)[0]
    content = bytearray((small_site / path).read_bytes())
    content[len(content) // 2] ^= 1
    host = prepared(small_site)
    host.faults[path] = Fault(bytes(content))
    open_harness(page, host)
    result = page.evaluate("name => probe.attempt(name, () => new ImageData(9, 9))", MODEL)
    assert result["error"] == "IntegrityError"
    assert result["url"] == f"{host.url}{path}"
    assert result["predictions"] == 0


def test_manifest_of_another_build_is_refused(
    page: Page, prepared: Prepared, small_site: Path, demo_site: Path
) -> None:
    path = "models/model_info.json"
    host = prepared(small_site)
    host.faults[path] = Fault((demo_site / path).read_bytes())
    open_harness(page, host)
    result = page.evaluate("name => probe.attempt(name, () => new ImageData(9, 9))", MODEL)
    assert result["error"] == "IntegrityError"
    assert result["url"] == f"{host.url}{path}"
    assert result["predictions"] == 0

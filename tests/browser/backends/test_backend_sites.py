"""Sites with a single backend (`--backend`) in Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Hosting
from tests.browser.shown import READY
from tests.browser.verify_page import open_verify_page
from tests.conftest import Site, run_build
from tests.tiny_network import write_tiny_catalog

RUNS_ON = {"compiled": "compiled engine", "onnxruntime": "onnxruntime-web"}


@pytest.fixture(scope="module", params=RUNS_ON)
def built(request: pytest.FixtureRequest, shared_site: Site) -> tuple[str, Path]:
    """A backend, and a site of the smallest model with only this backend."""
    options = ("--only", "mobilenet_emotion", "--backend", request.param, "--no-precompressed")
    return request.param, shared_site(request.param, *options)


def test_answers_by_what_it_carries(built: tuple[str, Path], quiet_page: Page, host_of: Hosting) -> None:
    backend, site = built
    host = host_of(site)
    quiet_page.goto(host.url)
    quiet_page.wait_for_selector(READY)
    # Chromium has relaxed SIMD: the other builds are not fetched.
    engines = {path.rpartition("-")[0] for path in host.requests if path.startswith("engine/")}
    assert engines <= {"engine/engine-relaxed", "engine/engine-relaxed-threads"}
    # A first visit has it in the file of preloads.
    assert not engines or backend == "compiled"
    assert RUNS_ON[backend] in (quiet_page.text_content("#backend") or "")
    assert "from PyTorch's, on this device" in (quiet_page.text_content("#selfcheck") or "")


def test_backend_that_the_site_lacks_is_not_blamed_on_the_device(
    built: tuple[str, Path], page: Page, host_of: Hosting
) -> None:
    backend, site = built
    open_harness(page, host_of(site))
    missing = {"compiled": ["webgpu", "wasm"], "onnxruntime": ["compiled"]}[backend]
    call = "backends => torch2web.loadModel('mobilenet_emotion', { backends }).catch(probe.describe)"
    error = page.evaluate(call, missing)
    reasons = [f"{name}: this site was built without it" for name in missing]
    assert error["error"] == "BackendError"
    assert "; ".join(reasons) in error["message"]


@pytest.mark.parametrize("backend", RUNS_ON)
def test_python_in_the_page_finds_every_file(
    page: Page, host_of: Hosting, tmp_path: Path, cache: Path, backend: str
) -> None:
    options = [*write_tiny_catalog(tmp_path), "--backend", backend, "--no-precompressed", "--no-docs"]
    result = run_build(*options, "--out", tmp_path / "site", "--cache", cache)
    assert result.returncode == 0, result.stderr
    assert open_verify_page(page, host_of(tmp_path / "site")) == "passed"

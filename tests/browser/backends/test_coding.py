"""Coded weights are the same weights: on every backend, and beside sites that store them as they are."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.backends.test_backends import LOAD, MODEL
from tests.browser.parity import open_harness
from tests.browser.parted import with_damaged_code, without_coding
from tests.browser.server import Hosting
from tests.browser.sites import variant_of


@pytest.mark.parametrize("backend", ["compiled", "wasm"])
def test_outputs_are_the_same_bits_with_and_without_coding(
    page: Page, small_site: Path, host_of: Hosting, tmp_path: Path, backend: str
) -> None:
    assert variant_of(small_site, MODEL)["weights"]["coding"] == "rans"
    host = host_of(small_site)
    options = {"backends": [backend], "threads": 1}
    open_harness(page, host)
    coded = page.evaluate(LOAD, [MODEL, options])
    assert any("decoder-" in path for path in host.requests)
    plain = host_of(without_coding(small_site, tmp_path))
    assert "coding" not in variant_of(plain.site, MODEL)["weights"]
    open_harness(page, plain)
    stored = page.evaluate(LOAD, [MODEL, options])
    assert coded["backend"]["name"] == stored["backend"]["name"] == backend
    assert coded["logits"] == stored["logits"]
    assert not any("decoder-" in path for path in plain.requests)


ERROR = """([name, options]) => torch2web.loadModel(name, { worker: false, ...options }).then(
    () => [],
    (error) => [error instanceof torch2web.BackendError, String(error)],
)"""


@pytest.mark.parametrize("backend", ["compiled", "wasm"])
def test_code_that_cannot_be_decoded_is_a_backend_error(
    page: Page, small_site: Path, host_of: Hosting, tmp_path: Path, backend: str
) -> None:
    open_harness(page, host_of(with_damaged_code(small_site, tmp_path)))
    is_ours, message = page.evaluate(ERROR, [MODEL, {"backends": [backend], "threads": 1}])
    assert is_ours
    assert message.startswith("BackendError: The weights cannot be decoded: found")

"""The smallest weights that pass, in the browser: what Python computes with the same weights."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.expected import Expected
from tests.browser.parity import compare_in_page
from tests.browser.server import Hosting
from tests.browser.sites import variant_of
from tests.conftest import SharedFolder
from tests.tiny_network import plannable
from torch2web.catalog.load import ModelSpec
from torch2web.pipeline import BuildOptions, build
from torch2web.site.manifest import Delivery
from torch2web.tasks import Gate

MODEL = "mobilenet_emotion"


@pytest.fixture(scope="module")
def compact_site(catalog: dict[str, ModelSpec], shared_folder: SharedFolder) -> Path:
    """A site of a tiny network whose gate leaves room: `compact` is its default variant."""

    def make(folder: Path) -> None:
        spec = replace(catalog[MODEL], gate=Gate(0, 0.1))
        delivery = Delivery(verify_page=False, precompressed=False)
        options = BuildOptions(
            [(spec, None)], folder / "site", folder / "cache", False, None, delivery, search=True
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("torch2web.sources.load.load_model", plannable)
            build(options, lambda *_: None)

    return shared_folder("compact", make) / "site"


@pytest.mark.parametrize("backend", ["compiled", "wasm"])
def test_computes_what_python_computes(
    page: Page, compact_site: Path, host_of: Hosting, pictures: dict[str, Path], backend: str
) -> None:
    assert variant_of(compact_site, MODEL)["name"] == "compact"
    host = host_of(compact_site)
    host.extras = {f"pictures/{name}": path for name, path in pictures.items()}
    answers = Expected(compact_site, pictures).answers(MODEL, "compact")
    assert compare_in_page(page, host, MODEL, answers, "compact", backend) == []

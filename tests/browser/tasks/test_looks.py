"""The page for every task, on a phone and a wide screen, light and dark, pictured as every state is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page
from torch import nn

from tests.browser.looks import look_at
from tests.browser.server import Host, Hosting
from tests.browser.shown import READY
from tests.browser.tasks.built import PICTURE
from tests.conftest import SharedFolder
from tests.tiny_network import TinyNetwork
from tests.tiny_tasks import catalog_text
from torch2web.catalog.load import ModelSpec
from torch2web.cli import main

MANY = [f"species {number}, with a name of some length" for number in range(1000)]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(bypass_csp=True)  # axe-core is a string to evaluate
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", ["tags", "mask", "age", "classes", "chance"])
def test_answer(page: Page, host: Host, name: str) -> None:
    page.goto(host.url)
    page.set_input_files("#file", PICTURE)
    page.locator(f"input[value={name}]").check()
    page.wait_for_selector(f"{READY}:has(input[value={name}]:checked)")
    assert look_at(page, f"task_{name}") == []


def test_similarity(page: Page, host: Host, tmp_path: Path) -> None:
    Image.new("RGB", (400, 300), "teal").save(tmp_path / "other.png")
    page.goto(host.url)
    page.locator("input[value=face]").check()
    page.set_input_files("#file", PICTURE)
    page.wait_for_selector("#label:text('Choose another')")
    assert look_at(page, "task_embedding_first") == []
    page.set_input_files("#file", tmp_path / "other.png")
    page.wait_for_selector("#similarity:visible")
    assert look_at(page, "task_embedding") == []


@pytest.fixture(scope="session")
def many(shared_folder: SharedFolder) -> Path:
    """Two networks with 1,000 labels, which answer together."""

    def network(spec: ModelSpec, *_: object) -> nn.Module:
        return TinyNetwork(nn.functional.relu, len(spec.labels)).eval()

    def build(folder: Path) -> None:
        folder.mkdir()
        names = ("species", "species_too")
        for name in names:
            (folder / f"{name}.pth").touch()
        (folder / "models.toml").write_text(catalog_text({name: {"labels": MANY} for name in names}))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("torch2web.sources.load.load_model", network)
            options = ["--catalog", folder / "models.toml", "--checkpoints", folder, "--no-verify-page"]
            options += ["--no-precompressed", "--cache", folder / "cache", "--out", folder / "site"]
            assert main(["build", *map(str, options)]) == 0

    return shared_folder("many_labels", build) / "site"


def test_many_labels(page: Page, many: Path, host_of: Hosting) -> None:
    page.goto(host_of(many).url)
    assert look_at(page, "task_many_empty") == []
    page.set_input_files("#file", PICTURE)
    page.wait_for_selector(READY)
    assert look_at(page, "task_many") == []
    page.click("#all-title")
    page.fill("#search", "species 17")
    page.wait_for_selector("#all-bars li")
    assert look_at(page, "task_many_searching") == []
    page.click("#all-title")
    page.check("input[value='*']", force=True)
    page.wait_for_selector(f"{READY}:has(input[value='*']:checked)")
    assert look_at(page, "task_many_together") == []

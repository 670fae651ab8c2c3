"""The site with every task, and a page that loads its models."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.server import Host, Hosting
from tests.browser.tasks.built import KINDS, PICTURE, Built
from tests.conftest import ROOT, SharedFolder
from tests.tiny_tasks import network, outputs_of, write_catalog
from torch2web.cli import main


@pytest.fixture(scope="session")
def built(shared_folder: SharedFolder) -> Built:
    def build(folder: Path) -> None:
        folder.mkdir()
        catalog = write_catalog(folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("torch2web.sources.load.load_model", network)
            options = ["--catalog", catalog, "--checkpoints", folder, "--no-verify-page", "--effort", "fast"]
            options += ["--no-precompressed", "--cache", folder / "cache", "--out", folder / "site"]
            assert main(["build", *map(str, options)]) == 0

    folder = shared_folder("tasks", build)
    manifest = json.loads((folder / "site/models/model_info.json").read_text())
    models = {model["name"]: model for model in manifest["models"]}
    return Built(folder / "site", models, outputs_of(folder / "models.toml", PICTURE))


@pytest.fixture
def host(built: Built, host_of: Hosting) -> Host:
    host = host_of(built.site)
    host.extras = {"picture.png": PICTURE, "blank.html": ROOT / "tests/browser/harness/blank.html"}
    return host


@pytest.fixture
def loader(quiet_page: Page, host: Host) -> Page:
    """A page where `load(name, options)` loads a model for its task, and `picture` is PICTURE."""
    quiet_page.goto(f"{host.url}blank.html")
    quiet_page.evaluate(
        """async (kinds) => {
            window.torch2web = await import("./torch2web.js");
            window.picture = await (await fetch("picture.png")).blob();
            window.load = (name, options) =>
                torch2web.loadModel(name, { variant: "fp32", task: kinds[name], ...options });
            window.raised = async (call) => {
                try { return `no error: ${JSON.stringify(await call())}`; }
                catch (error) { return `${error.name} ${error instanceof Error} ${error.message}`; }
            };
        }""",
        KINDS,
    )
    return quiet_page

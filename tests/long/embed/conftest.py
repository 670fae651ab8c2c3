"""Browser pages, as in tests/browser/; the site of two networks, and the small app that shows them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import page, shared_context
from tests.browser.server import Host, hosting
from tests.conftest import SharedFolder, Site
from tests.long.embed.projects import installed, node
from tests.npm_package import write_two_models

__all__ = ["page", "shared_context"]


@pytest.fixture(scope="session")
def site(shared_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_site("two_models", *write_two_models(tmp_path_factory.mktemp("two")))


@pytest.fixture(scope="session")
def vite_build(site: Path, shared_folder: SharedFolder) -> Path:
    """The small React app, built once for all workers."""

    def build(folder: Path) -> None:
        with installed("vite", site) as project:
            node("node_modules/vite/bin/vite.js", "build", project=project)
            shutil.copytree(project / "dist", folder)

    return shared_folder("vite_build", build)


@pytest.fixture(scope="session")
def vite_app(vite_build: Path) -> Iterator[Host]:
    with hosting(vite_build) as host:
        yield host

"""Browser pages, as in tests/browser/; the site of two networks, and the small app that shows them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import page, shared_context
from tests.browser.server import Host, hosting
from tests.conftest import Site
from tests.long.embed.projects import installed, node
from tests.npm_package import write_two_models

__all__ = ["page", "shared_context"]


@pytest.fixture(scope="session")
def site(shared_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_site("two_models", *write_two_models(tmp_path_factory.mktemp("two")))


@pytest.fixture(scope="session")
def vite_app(site: Path) -> Iterator[Host]:
    project = installed("vite", site)
    node("node_modules/vite/bin/vite.js", "build", project=project)
    with hosting(project / "dist") as host:
        yield host

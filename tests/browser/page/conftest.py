"""A host for each test, of the smallest demo site."""

from pathlib import Path

import pytest

from tests.browser.server import Host, Hosting


@pytest.fixture
def host(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site)

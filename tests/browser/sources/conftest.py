"""The small site together with the test images."""

from pathlib import Path

import pytest

from tests.browser.server import Host, Hosting
from tests.browser.sources.pictures import PICTURES


@pytest.fixture
def host(small_site: Path, host_of: Hosting, tmp_path: Path) -> Host:
    host = host_of(small_site)
    for name, content in PICTURES.items():
        (tmp_path / name).write_bytes(content)
        host.extras[f"photos/{name}"] = tmp_path / name
    return host

"""A site that tests may replace."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def old_site(small_site: Path, tmp_path: Path) -> Path:
    """A built site of one's own, to be replaced or not."""
    return Path(shutil.copytree(small_site, tmp_path / "site"))

"""Sites that tests may replace."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def old_site(small_site: Path, tmp_path: Path) -> Path:
    """A copy of a built site that the test may replace."""
    return Path(shutil.copytree(small_site, tmp_path / "site"))

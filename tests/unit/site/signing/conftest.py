"""A key pair, and a site signed with it."""

from pathlib import Path

import pytest

from tests.keys import KeyPair, signed_copy, write_pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return write_pair(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def site(small_site: Path, tmp_path: Path, pair: KeyPair) -> Path:
    return signed_copy(small_site, tmp_path / "site", pair)

"""Sizes on the pages: one unit, and never 0.0 for what is downloaded."""

import pytest

from torch2web.site.writers import megabytes


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0.0 MB"),
        (4, "0.0001 MB"),
        (23_912, "0.02 MB"),
        (99_999, "0.1 MB"),
        (100_000, "0.1 MB"),
        (2_406_000, "2.4 MB"),
        (346_000_000, "346 MB"),
    ],
)
def test_megabytes(size: int, shown: str) -> None:
    assert megabytes(size) == shown

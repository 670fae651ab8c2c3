"""The order in which workers get the files."""

from dataclasses import dataclass
from typing import cast

import pytest

from tests.long_cases import SLOWEST, sort_by_duration


@dataclass(frozen=True)
class Collected:
    """What the order looks at of a collected test."""

    nodeid: str


@pytest.mark.parametrize("slowest_last", [False, True])
def test_slowest_files(slowest_last: bool) -> None:
    first, second = (f"tests/{file}::test" for file in SLOWEST[:2])
    items = [Collected(nodeid) for nodeid in ("tests/b.py::test", second, "tests/a.py::test", first)]
    sort_by_duration(cast(list[pytest.Item], items), slowest_last)
    others = ["tests/b.py::test", "tests/a.py::test"]
    expected = [*others, second, first] if slowest_last else [first, second, *others]
    assert [item.nodeid for item in items] == expected

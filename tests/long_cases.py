"""Which cases only `make test-all` runs, and which representatives of them `make test` keeps."""

import re
from collections.abc import Iterator

import pytest

LONG: dict[str, tuple[str, ...]] = {}
"""By `file::function`, or `file` for all of its functions: parts of the ids that `make test` keeps."""


def mark_long(items: list[pytest.Item]) -> Iterator[str]:
    """Mark every case of LONG but its representatives; yield the rules that fit no collected case."""
    used = set()
    for item in items:
        file, _, function = item.nodeid.removeprefix("tests/").partition("::")
        name, _, case = function.partition("[")
        for rule in (f"{file}::{name}", file):
            if rule in LONG:
                used.add(rule)
                if not any(re.search(kept, f"{name}[{case}") for kept in LONG[rule]):
                    item.add_marker(pytest.mark.long)
                break
    yield from sorted(LONG.keys() - used)

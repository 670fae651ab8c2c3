"""Which builds a command means, of stores of either kind."""

import pytest

from torch2web.errors import InputError
from torch2web.versions.index import Canary
from torch2web.versions.record import Build
from torch2web.versions.selection import build_before, find_build, require_canary_beside, unused_builds

BUILDS = tuple(Build(f"{number:x}" * 16, number, {}, ()) for number in range(1, 6))


@pytest.mark.parametrize(
    ("latest", "canary", "keep", "removed"),
    [
        (5, None, 0, [1, 2, 3, 4]),
        (5, None, 2, [1, 2, 3]),
        (1, None, 2, [2, 3]),
        (1, 2, 1, [3, 4]),
        (5, None, 9, []),
    ],
)
def test_unused(latest: int, canary: int | None, keep: int, removed: list[int]) -> None:
    beside = Canary(BUILDS[canary - 1].id, 0.1) if canary else None
    found = unused_builds(BUILDS, BUILDS[latest - 1].id, beside, keep)
    assert [build.sequence for build in found] == removed


def test_before_the_latest_not_before_the_newest() -> None:
    assert build_before(BUILDS[3], BUILDS, "store").sequence == 3
    with pytest.raises(
        InputError, match=r"no build before 1 \(1111.*: torch2web rollback BUILD, of 2 \(2222"
    ):
        build_before(BUILDS[0], BUILDS, "store")


@pytest.mark.parametrize(("name", "found"), [("latest", 4), ("2", 2), ("3333", 3), ("5" * 16, 5)])
def test_names(name: str, found: int) -> None:
    assert find_build(name, BUILDS, BUILDS[3].id, "store").sequence == found


@pytest.mark.parametrize("name", ["", "6", "333", "6666"])
def test_no_build(name: str) -> None:
    with pytest.raises(InputError, match="expected one of the builds of store"):
        find_build(name, BUILDS, BUILDS[3].id, "store")


def test_canary_needs_another_build() -> None:
    require_canary_beside(BUILDS[0].id, BUILDS[1].id)
    for latest in ("", BUILDS[1].id):
        with pytest.raises(InputError, match="no other build"):
            require_canary_beside(latest, BUILDS[1].id)

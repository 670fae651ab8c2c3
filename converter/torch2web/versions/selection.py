"""Which builds of a store a command means. `builds` are in the order in which they were published."""

from collections.abc import Sequence

from torch2web.errors import InputError
from torch2web.versions.index import Canary
from torch2web.versions.record import Build

LATEST = "latest"


def find_build(name: str, builds: Sequence[Build], latest: str, where: object) -> Build:
    """The build that `name` means: `latest`, a number, or the beginning of an id. Raises InputError."""
    wanted = latest if name == LATEST else name
    found = [build for build in builds if wanted and wanted in (build.id, str(build.sequence))]
    found = found or [build for build in builds if len(wanted) > 3 and build.id.startswith(wanted)]
    if len(found) != 1:
        known = ", ".join(f"{build.sequence} ({build.id})" for build in builds[-5:]) or "none"
        raise InputError(f"found {name!r}, expected one of the builds of {where}: {known}")
    return found[0]


def build_before(latest: Build, builds: Sequence[Build], where: object) -> Build:
    """The build that was published before `latest`. Raises InputError."""
    earlier = [build for build in builds if build.sequence < latest.sequence]
    if not earlier:
        others = ", ".join(f"{build.sequence} ({build.id})" for build in builds[-5:] if build != latest)
        advice = f"; name the one to return to: torch2web rollback BUILD, of {others}" if others else ""
        raise InputError(
            f"{where}: there is no build before {latest.sequence} ({latest.id}), the latest; "
            f"without a name, rollback goes to the number before, not to what was the latest earlier{advice}"
        )
    return earlier[-1]


def unused_builds(
    builds: Sequence[Build], latest: str, canary: Canary | None, keep: int
) -> tuple[Build, ...]:
    """All but the latest, the canary and the `keep` newest builds."""
    used = {latest, canary.build if canary else "", *(build.id for build in builds[-keep:] if keep)}
    return tuple(build for build in builds if build.id not in used)


def require_canary_beside(latest: str, build: str) -> None:
    """Raise InputError where the canary `build` would have no other build beside it."""
    if latest in ("", build):
        raise InputError("--share: there is no other build for the remaining visitors; publish without it")

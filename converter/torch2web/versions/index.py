"""The index of a store: which build a name with a version means, which is the latest, and the canary.

`versions.json` stands beside the latest site, and with it the manifest of every build under a name with its
hash. The loader reads the index for names such as `mobilenet_emotion@1`, in
`web/loader/fetch/manifest/store_index.ts`.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.errors import OutputError
from torch2web.site.manifest import MANIFEST
from torch2web.store import FileRecord
from torch2web.versions.record import Build

INDEX = "versions.json"
INDEX_SIGNATURE = f"{INDEX}.sig"

_SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Canary:
    """A build that a share of the visitors gets in place of the latest."""

    build: str
    """Its id."""
    share: float
    """From 0 to 1."""


def manifest_name(sha256: str) -> str:
    """Path of the manifest with this hash beside the latest site."""
    return f"{MANIFEST.removesuffix('.json')}-{sha256[:32]}.json"


def manifest_of(build: Build) -> FileRecord:
    """The record of the manifest."""
    return next(file for file in build.files if file.path == MANIFEST)


def meant_builds(builds: Iterable[Build], latest: Build) -> dict[str, dict[str, Build]]:
    """The build of each version, by model: the newest up to `latest`, else the newest."""
    found: dict[str, dict[str, Build]] = {}
    ordered = sorted(builds, key=lambda build: (build.sequence <= latest.sequence, build.sequence))
    for build in ordered:
        for name, version in build.models.items():
            found.setdefault(name, {})[version] = build
    return found


def names_of(builds: Iterable[Build], latest: Build) -> dict[str, Build]:
    """`model@1`, `model@1.2` and `model@1.2.0` with what they mean.

    A whole version means any build; the beginning of one means the newest up to `latest`, so that it reaches
    neither a canary nor a build that was rolled back.
    """
    names: dict[str, Build] = {}
    for name, versions in meant_builds(builds, latest).items():
        for version, build in sorted(versions.items(), key=lambda item: item[1].sequence):
            parts = version.split(".")
            if build.sequence <= latest.sequence:
                names |= {f"{name}@{'.'.join(parts[:end])}": build for end in range(1, len(parts))}
        names |= {f"{name}@{version}": build for version, build in versions.items()}
    return names


def next_change(index: bytes) -> int:
    """Number of the index that follows `index`; greater than any before it, of a store made anew too."""
    try:
        before = int(json.loads(index)["change"])
    except (ValueError, KeyError, TypeError):
        before = 0
    return max(before + 1, int(time.time()))


def index_bytes(builds: Iterable[Build], latest: Build, canary: Canary | None, change: int) -> bytes:
    """The index as JSON: builds by number with their manifest's SHA-256, and a number for each version.

    `change` is greater than in all indexes before: devices refuse a signed one that is older.
    """
    builds = tuple(builds)
    numbers = {build.id: build.sequence for build in builds}
    meant = meant_builds(builds, latest)
    content: dict[str, Any] = {
        "schema_version": _SCHEMA_VERSION,
        "change": change,
        "latest": latest.sequence,
        **({"next": numbers[canary.build], "share": canary.share} if canary else {}),
        "builds": {str(build.sequence): manifest_of(build).sha256 for build in builds},
        "models": {
            name: {version: build.sequence for version, build in sorted(versions.items())}
            for name, versions in sorted(meant.items())
        },
    }
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def read_canary(path: Path, builds: Iterable[Build]) -> Canary | None:
    """The canary of the index in `path`; None where there is none, or no index. Raises OutputError."""
    try:
        content: Mapping[str, Any] = json.loads(path.read_bytes())
        identity = {build.sequence: build.id for build in builds}.get(content.get("next", 0))
        return Canary(identity, float(content["share"])) if identity else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutputError(path, f"it is not the index of a store: {error}") from error

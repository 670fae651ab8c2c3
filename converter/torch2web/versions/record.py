"""What a store notes of each build."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from torch2web.errors import OutputError, SiteError
from torch2web.site.manifest import MANIFEST, SUMS, read_site_manifest, read_sums
from torch2web.site.recheck import site_problems
from torch2web.store import FileRecord, record_of

SCHEMA_VERSION = 1

_ID_LENGTH = 16
"""Hex digits."""

_HASHED = re.compile(r"(?:^|[-/])[0-9a-f]{32}\.[^/]*$")


@dataclass(frozen=True)
class Build:
    """A published site."""

    id: str
    """From the checksums of all its files: the same site has the same id."""
    sequence: int
    """1 for the first that was published."""
    models: Mapping[str, str]
    """Version by name."""
    files: tuple[FileRecord, ...]
    """All, sorted by path."""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @classmethod
    def of_site(cls, site: Path, sequence: int) -> "Build":
        """The site as its checksums describe it. Raises OutputError for what is no site, SiteError for
        checksums that cannot be right, and ManifestError."""
        if not (site / SUMS).is_file():
            raise OutputError(site, f"it has no {SUMS}, so it is not a built site")
        sums, strange = read_sums(site)
        if strange:
            raise SiteError(site, site_problems(site))
        problems = [f"{path}: it is not inside the site" for path in sums if not _is_inside(path)]
        if problems or not all((site / path).is_file() for path in (MANIFEST, *sums)):
            raise SiteError(site, [*problems, *site_problems(site)])
        own = record_of(site, SUMS)
        manifest = read_site_manifest(site)
        listed = [FileRecord(path, (site / path).stat().st_size, sha256) for path, sha256 in sums.items()]
        return cls(
            hashlib.sha256((site / SUMS).read_bytes()).hexdigest()[:_ID_LENGTH],
            sequence,
            {model["name"]: model["version"] for model in manifest["models"]},
            tuple(sorted([*listed, own], key=lambda file: file.path)),
        )

    def as_json(self) -> bytes:
        return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(self)}, indent=1).encode() + b"\n"

    @classmethod
    def read(cls, path: Path) -> "Build":
        """Inverse of `as_json`. Raises OutputError."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise OutputError(path, f"it is not the record of a build: {error}") from error
        return cls.parse(content, path)

    @classmethod
    def parse(cls, content: bytes, path: Path) -> "Build":
        """The same of the `content` of a file."""
        try:
            entry: dict[str, Any] = json.loads(content)
            if entry["schema_version"] != SCHEMA_VERSION:
                found = f"found schema_version {entry['schema_version']!r}, expected {SCHEMA_VERSION}"
                raise OutputError(path, found)
            files = tuple(FileRecord(**file) for file in entry["files"])
            return cls(entry["id"], entry["sequence"], entry["models"], files)
        except (ValueError, KeyError, TypeError) as error:
            raise OutputError(path, f"it is not the record of a build: {error}") from error


@dataclass(frozen=True)
class Published:
    build: Build
    new_bytes: int
    """That no build before had."""


def is_hashed(path: str) -> bool:
    """Whether it ends in a hash, so that its content never changes."""
    return bool(_HASHED.search(path))


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts

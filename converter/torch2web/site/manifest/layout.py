"""Paths of a site's files that have fixed names, and the record of all its files."""

from pathlib import Path

from torch2web.errors import TextEncodingError
from torch2web.text_files import read_text

MANIFEST = "models/model_info.json"
CHECKSUMS = "models/model_checksums.json"
ENTRY = "torch2web.js"
"""The loader's stable name: it imports the one with its hash, which caches may keep for ever."""
OFFLINE = "offline.js"
"""The service worker, whose name registrations hold on to."""
SUMS = "SHA256SUMS"
"""Checksums of every other file of the site, in the form that `sha256sum -c` reads."""


def read_sums(site: Path) -> tuple[dict[str, str], list[str]]:
    """SHA-256 by path as `site` records them, and the lines that do not fit; empty where it has no record."""
    sums: dict[str, str] = {}
    strange: list[str] = []
    if (site / SUMS).is_file():
        for line in _lines(site / SUMS):
            digest, separator, path = line.partition("  ")
            if separator and len(digest) == 64:
                sums[path] = digest
            else:
                strange.append(line)
    return sums, strange


def _lines(path: Path) -> list[str]:
    """Lines of any bytes: damaged ones are reported as lines that do not fit."""
    try:
        return read_text(path).splitlines()
    except TextEncodingError:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()

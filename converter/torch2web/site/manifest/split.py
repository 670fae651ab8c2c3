"""Large catalogues: each model's entry in a file of its own, pinned by a small model_info.json.

    models/model_info.json         schema_version 2: entries by name, or pages of them; pages for lists
    models/catalog/entry-….json   what `models` has of one model in a small catalogue
    models/catalog/page-….json    entries by name: path, size and SHA-256
    models/catalog/listing-….json what lists show, in the order of the catalogue

What a visitor loads does not grow with the catalogue then. A model whose name the page knows costs one file
more than in a small catalogue, in a catalogue of several pages two.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from torch2web.errors import ManifestError
from torch2web.site.manifest.check import check_manifest
from torch2web.site.manifest.layout import MANIFEST
from torch2web.store import FileRecord, write_bytes_hashed, write_named

INDEX_SCHEMA = "model_index.schema.json"

MAX_INLINE = 12
"""Models whose entries are all in model_info.json, which is then not worth another request."""

PAGE_SIZE = 64
"""Models of a page."""

_SPLIT_VERSION = 2

T = TypeVar("T")


@dataclass(frozen=True)
class WrittenManifest:
    """model_info.json and the files that it is split into."""

    manifest: FileRecord
    entries: tuple[FileRecord, ...]
    """All other files; none where it is not split."""
    lookups: Mapping[str, tuple[FileRecord, ...]]
    """By model the files that are read besides the manifest to load it."""


def write_site_manifest(root: Path, manifest: Mapping[str, Any]) -> WrittenManifest:
    """Write model_info.json: the same bytes for the same input, no time and no path of this machine.

    Raises ManifestError.
    """
    check_manifest(manifest)
    models = manifest["models"]
    if len(models) <= MAX_INLINE:
        return WrittenManifest(write_bytes_hashed(root, MANIFEST, _json(manifest, indent=2)), (), {})
    entries = {model["name"]: _write(root, "entry", model) for model in models}
    listing = [_write(root, "listing", _summaries(page)) for page in _pages_of(models)]
    by_name = [{name: entries[name].as_dict() for name in names} for names in _pages_of(sorted(entries))]
    pages: list[tuple[str, FileRecord]] = []
    if len(by_name) > 1:
        pages = [(next(iter(page)), _write(root, "page", page)) for page in by_name]
        found: dict[str, Any] = {"pages": [{"first": first, **file.as_dict()} for first, file in pages]}
    else:
        found = {"entries": by_name[0]}
    index = {
        "schema_version": _SPLIT_VERSION,
        **{key: value for key, value in manifest.items() if key not in ("schema_version", "models")},
        **found,
        "listing": [file.as_dict() for file in listing],
    }
    _check_index(index)
    written = write_bytes_hashed(root, MANIFEST, _json(index, indent=2))
    lookups = {name: (*_page_of(pages, name), entry) for name, entry in entries.items()}
    return WrittenManifest(written, (*entries.values(), *listing, *(file for _, file in pages)), lookups)


def read_site_manifest(site: Path) -> dict[str, Any]:
    """The whole manifest of a built site, put together where it is split. Raises ManifestError or OSError."""
    content = join_site_manifest(site)
    check_manifest(content)
    checked: dict[str, Any] = content
    return checked


def join_site_manifest(site: Path) -> Any:
    """The same, not compared with its schema: also of a site that an older version built."""
    try:
        content = json.loads((site / MANIFEST).read_bytes())
    except ValueError as error:
        raise ManifestError("", f"it is not valid JSON: {error}") from error
    if isinstance(content, dict) and content.get("schema_version") == _SPLIT_VERSION:
        return _joined(site, content)
    return content


def _joined(site: Path, index: Mapping[str, Any]) -> dict[str, Any]:
    _check_index(index)
    entries = dict(index.get("entries", {}))
    for page in index.get("pages", ()):
        entries |= _read(site, page)
    order = [summary["name"] for page in index["listing"] for summary in _read(site, page)["models"]]
    if sorted(order) != sorted(entries):
        odd = ", ".join(sorted({*order} ^ {*entries})[:3])
        raise ManifestError("listing", f"found other models than there are entries: {odd}")
    models = [_read(site, entries[name]) for name in order]
    whole = {key: value for key, value in index.items() if key not in ("entries", "pages", "listing")}
    return {**whole, "schema_version": 1, "models": models}


def _read(site: Path, file: Mapping[str, Any]) -> Any:
    """Content of a file that the index or a page names. Raises ManifestError for other bytes."""
    content = (site / file["path"]).read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != file["sha256"]:
        raise ManifestError("", f"{file['path']}: found SHA-256 {found}, expected {file['sha256']}")
    return json.loads(content)


def _check_index(index: Mapping[str, Any]) -> None:
    """Raise ManifestError where the index does not follow its schema."""
    from torch2web.schemas import find_violation  # a package that Python in the browser has not

    if violation := find_violation(index, INDEX_SCHEMA):
        raise ManifestError(violation.key, violation.problem)


def _page_of(pages: Sequence[tuple[str, FileRecord]], name: str) -> tuple[FileRecord, ...]:
    """The page with `name`: the last that does not begin after it. None in a catalogue of one page."""
    return tuple(file for first, file in pages if first <= name)[-1:]


def _pages_of(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + PAGE_SIZE] for start in range(0, len(items), PAGE_SIZE)]


def _summaries(models: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What lists show of `models`. Labels that several have stand there once."""
    labels: list[list[str]] = []
    summaries = []
    for model in models:
        if model["labels"] not in labels:
            labels.append(model["labels"])
        download = model.get("plan") or model["graph"]
        summaries.append(
            {
                **{key: model[key] for key in ("name", "title", "version", "task")},
                "labels": labels.index(model["labels"]),
                "bytes": download["size"] + model["variants"][0]["weights"]["size"],
            }
        )
    return {"labels": labels, "models": summaries}


def _write(root: Path, kind: str, content: object) -> FileRecord:
    return write_named(root, f"models/catalog/{kind}-*.json", _json(content))


def _json(content: object, indent: int | None = None) -> bytes:
    separators = None if indent else (",", ":")
    text = json.dumps(content, indent=indent, separators=separators, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"

"""Checkpoints at URLs, fetched by fsspec into the cache under the SHA-256 that the catalogue pins."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from torch2web.catalog import ModelSpec
from torch2web.errors import CheckpointError, MissingExtraError
from torch2web.store import BLOCK_SIZE, process_folder, remove_leftovers, write_hashed

_WORK = ".fetch-"


def kept_path(spec: ModelSpec, cache: Path) -> Path:
    """Where the checkpoint of `spec`, which is remote, is kept; it may not be there yet."""
    return cache / "checkpoints" / spec.sha256 / name_of(spec.checkpoint)


def name_of(url: str) -> str:
    """The file name in `url`, without what a signed URL has after it."""
    return urlsplit(url).path.rpartition("/")[2] or "checkpoint"


def shown(url: str) -> str:
    """`url` without user, password and query, which may hold secrets."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()


def fetch(spec: ModelSpec, path: Path) -> None:
    """Write the checkpoint of `spec` to `path`, its `kept_path`, unless it is there already.

    Raises CheckpointError for a URL that cannot be read, or whose file has another SHA-256.
    """
    if path.is_file():
        return
    folder = path.parent.parent
    folder.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder, f"{_WORK}{spec.sha256[:16]}-")
    work = process_folder(folder, f"{_WORK}{spec.sha256[:16]}-")
    try:
        found = write_hashed(work, path.name, _blocks(spec.checkpoint)).sha256
        require_pinned(spec, shown(spec.checkpoint), found)
        path.parent.mkdir(exist_ok=True)
        (work / path.name).replace(path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def require_pinned(spec: ModelSpec, path: Path | str, found: str) -> None:
    """Raise CheckpointError where `found`, the SHA-256 of `path`, is not that of the catalogue."""
    if spec.sha256 and found != spec.sha256:
        problem = f"found SHA-256 {found}, expected {spec.sha256} (sha256 in the catalogue)"
        raise CheckpointError(path, problem, "Is it the file that was meant?")


def _blocks(url: str) -> Iterator[bytes]:
    try:
        import fsspec
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"checkpoint = {shown(url)!r}", "fsspec") from error
    try:
        opened: Any = fsspec.open(url, "rb")
        with opened as file:
            while block := file.read(BLOCK_SIZE):
                yield block
    except MemoryError:
        raise
    except ImportError as error:
        advice = f"Install what reads {urlsplit(url).scheme}://: {error}"
        raise CheckpointError(shown(url), "fsspec lacks a package for this kind of URL", advice) from error
    except Exception as error:
        text = f"{type(error).__name__}: {str(error).replace(url, shown(url))}"[:300]
        raise CheckpointError(shown(url), f"it cannot be fetched: {text}") from error

"""Objects of a store at a URL, by fsspec: read, written once, or written only where there is none."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from urllib.parse import urlsplit

from torch2web.errors import InputError, MissingExtraError, Torch2WebError
from torch2web.site.hosting import IMMUTABLE, REVALIDATED, type_of

T = TypeVar("T")


class Bucket:
    """The objects below `url`; names are paths with slashes. Every call raises InputError for what fails."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
        """Without user, password and query, which may hold secrets."""
        self._url = url
        try:
            from fsspec.core import url_to_fs
        except ModuleNotFoundError as error:
            raise MissingExtraError(self.shown, "fsspec") from error
        local = parts.scheme in ("file", "local")
        with self._explained():
            self._files, root = url_to_fs(url, **({"auto_mkdir": True} if local else {}))
        self._root, self._local, self._scheme = root.rstrip("/"), local, parts.scheme

    def sizes(self, folder: str = "") -> dict[str, int]:
        """Bytes of every object below `folder`, by name."""
        with self._explained():
            self._files.invalidate_cache()
            found: dict[str, dict[str, Any]] = self._files.find(self._at(folder), detail=True)
        cut = len(self._at("x")) - 1
        names = {path[cut:]: int(facts["size"]) for path, facts in found.items()}
        return {name: size for name, size in names.items() if not PurePosixPath(name).name.startswith(".")}

    def read(self, name: str) -> bytes:
        with self._explained():
            content: bytes = self._files.cat_file(self._at(name))
        return content

    def write(self, name: str, content: bytes, *, changes: bool = False) -> None:
        """Write an object; one that `changes` later is revalidated by browsers on each request."""
        with self._explained():
            self._files.pipe_file(self._at(name), content, **self._headers(name, changes))

    def write_file(self, name: str, file: Path) -> None:
        """The same from a local file."""
        with self._explained():
            self._files.put_file(str(file), self._at(name), **self._headers(name, changes=False))

    def create(self, name: str, content: bytes) -> bool:
        """Write an object unless there is one: False then. Of two at once, one gets True, where the store
        has conditional writes (S3, Google Cloud Storage, folders, memory)."""
        if self._local:
            return self._create_file(Path(self._at(name)), content)
        try:
            with self._explained(FileExistsError):
                self._files.pipe_file(self._at(name), content, mode="create")
        except FileExistsError:
            return False
        return True

    def remove(self, names: list[str]) -> None:
        if names:
            with self._explained():
                self._files.rm([self._at(name) for name in names])

    def _create_file(self, path: Path, content: bytes) -> bool:
        """A link is made whole, or fails: opening a file exclusively would show others an empty one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, staged = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            with contextlib.suppress(FileExistsError):
                os.link(staged, path)
                return True
            return False
        finally:
            Path(staged).unlink()

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _headers(self, name: str, changes: bool) -> dict[str, Any]:
        """What the store sends with the object, where it is one that serves browsers."""
        caching = REVALIDATED if changes else IMMUTABLE
        if self._scheme in ("s3", "s3a"):
            return {"ContentType": type_of(name), "CacheControl": caching}
        if self._scheme in ("gs", "gcs"):
            return {"content_type": type_of(name), "fixed_key_metadata": {"cache_control": caching}}
        return {}

    @contextmanager
    def _explained(self, *passed: type[Exception]) -> Iterator[None]:
        try:
            yield
        except ImportError as error:
            scheme = urlsplit(self._url).scheme
            raise InputError(f"{self.shown}: install what reads {scheme}://: {error}") from error
        except Exception as error:
            if isinstance(error, (MemoryError, Torch2WebError, *passed)):
                raise
            text = str(error).replace(self._url, self.shown)[:300]
            raise InputError(f"{self.shown}: {type(error).__name__}: {text}") from error


def retried(attempt: Callable[[], T | None], tries: int) -> T | None:
    """The first result that is not None of at most `tries` attempts."""
    for _ in range(tries):
        if (found := attempt()) is not None:
            return found
    return None

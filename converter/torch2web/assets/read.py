"""Reads the assets, each checked against the SHA-256 in their index."""

import hashlib
import json
import lzma
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch2web.errors import AssetsError, TemplateFileError
from torch2web.file_managers import files_below

FILES = Path(__file__).parent / "files"
TEMPLATES = "templates/"
INDEX = "assets.json"
"""Lists every file with size and SHA-256, and the versions of their sources."""

PACKAGE = "npm/torch2web.tar"
"""The npm package of the loader, before it is gzipped."""

COMPRESSED = ".xz"
"""Suffix of files that are stored in xz's format, to keep the wheel small."""


@dataclass(frozen=True)
class Assets:
    """The files below `folder`, by the paths in their index, with forward slashes."""

    folder: Path
    index: Mapping[str, Any]
    replaced: Mapping[str, Path] = field(default_factory=dict)
    """Files of the user's by the paths of the assets that they replace."""
    unpacked: Path | None = None
    """Folder that keeps the decompressed bytes of compressed files between builds."""

    def keeping(self, unpacked: Path) -> "Assets":
        """The same, which keep decompressed files in the folder `unpacked`."""
        return replace(self, unpacked=unpacked)

    @property
    def runtime_version(self) -> str:
        """Version of onnxruntime-web."""
        version: str = self.index["onnxruntime-web"]
        return version

    @property
    def engine_version(self) -> str:
        """Sixteen hex digits that change whenever a byte of the engine's modules does."""
        digest = hashlib.sha256()
        for path in self.below("engine/"):
            digest.update(f"{path} {self.index['files'][path]['sha256']}\n".encode())
        return digest.hexdigest()[:16]

    @property
    def coder_version(self) -> str:
        """Changes whenever a byte of the encoder or decoder of weights does."""
        return " ".join(self.index["files"][path]["sha256"][:16] for path in self.below("coder/"))

    def below(self, prefix: str) -> list[str]:
        """Paths that begin with `prefix`, sorted."""
        return sorted(path for path in self.index["files"] if path.startswith(prefix))

    def read(self, path: str) -> bytes:
        """The bytes of one file. Raises AssetsError where they are not those of its index."""
        if path in self.replaced:
            return _own(self.replaced[path])
        entry = self.index["files"][path]
        kept = self.unpacked / entry["sha256"] if self.unpacked and entry["compressed"] else None
        if kept and (known := _read_if(kept, entry["sha256"])) is not None:
            return known
        try:
            stored = (self.folder / (path + COMPRESSED if entry["compressed"] else path)).read_bytes()
            content = lzma.decompress(stored) if entry["compressed"] else stored
        except (OSError, lzma.LZMAError) as error:
            raise AssetsError(self.folder / path, f"it cannot be read: {error}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != entry["sha256"]:
            raise AssetsError(self.folder / path, f"found SHA-256 {found}, expected {entry['sha256']}")
        if kept:
            self._keep(kept, content)
        return content

    def with_templates(self, folder: Path) -> "Assets":
        """These assets with the templates in `folder` in place of those of the same name.

        Raises TemplateFileError for a file that replaces none.
        """
        if not folder.is_dir():
            raise TemplateFileError(folder, "there is no such folder; --template names one with templates")
        known = [path.removeprefix(TEMPLATES) for path in self.below(TEMPLATES)]
        names = files_below(folder)
        for name in names:
            if name not in known:
                problem = f"it replaces no template; there are {', '.join(known)}"
                raise TemplateFileError(folder / name, problem)
        return replace(self, replaced={TEMPLATES + name: folder / name for name in names})

    def _keep(self, file: Path, content: bytes) -> None:
        """Write `file`, and remove those of other versions. Raises OSError."""
        file.parent.mkdir(parents=True, exist_ok=True)
        wanted = {entry["sha256"] for entry in self.index["files"].values()}
        for other in file.parent.iterdir():
            if other.name not in wanted and not other.name.startswith("."):  # of another build's
                other.unlink(missing_ok=True)
        work = file.with_name(f".{file.name}.{os.getpid()}")
        work.write_bytes(content)
        work.replace(file)


def _own(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TemplateFileError(path, f"it cannot be read: {error.strerror or error}") from error


def _read_if(file: Path, sha256: str) -> bytes | None:
    """The bytes of `file`; None if they are not there or others."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None


def load_assets(folder: Path = FILES) -> Assets:
    """The assets of this installation. Raises AssetsError where there are none."""
    try:
        return Assets(folder, json.loads((folder / INDEX).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise AssetsError(folder, "found no assets") from error
    except (OSError, ValueError) as error:
        raise AssetsError(folder / INDEX, f"it cannot be read: {error}") from error

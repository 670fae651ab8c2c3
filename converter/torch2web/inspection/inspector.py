"""Facts of files, kept between builds: an unchanged build reads none again and imports no torch."""

import importlib.metadata
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch2web.inspection.beside import CONFIG, PREPROCESSOR
from torch2web.inspection.facts import FileFacts, LikelyNetwork
from torch2web.inspection.read import NETWORK_OPTIONS, read_facts
from torch2web.inspection.usual import UsualPreprocessing, usual_preprocessing
from torch2web.store import cached_files, sha256_of, sha256_of_sources

_FILE = "facts.json"
_PACKAGES = ("torch2web", "torch", "torchvision", "timm")
"""Distributions that the facts depend on, where they are installed."""
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Inspector:
    """Reads facts of files; `cache` is the folder in which they are kept, None keeps none."""

    cache: Path | None = None

    def facts(self, path: Path, given: Mapping[str, Any]) -> FileFacts:
        """As read_facts. Raises CheckpointError."""
        known = {key: given[key] for key in (*NETWORK_OPTIONS, "weights_key") if key in given}
        beside = [path.parent / name for name in (CONFIG, PREPROCESSOR)]
        hashes = [sha256_of(other) if other.is_file() else "" for other in (path, *beside)]
        inputs = {"name": path.name, "files": hashes, "given": known}
        return _facts_from(self._kept("file", inputs, lambda: asdict(read_facts(path, given))))

    def usual(
        self, entry: Mapping[str, Any], size: tuple[int, int] | None, channels: int
    ) -> UsualPreprocessing:
        """As usual_preprocessing."""
        named = {key: entry[key] for key in NETWORK_OPTIONS if key in entry}
        inputs = {"network": named, "size": size, "channels": channels}
        kept = self._kept("usual", inputs, lambda: asdict(usual_preprocessing(entry, size, channels)))
        return UsualPreprocessing(**kept)

    def _kept(
        self, kind: str, inputs: Mapping[str, Any], make: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        if self.cache is None:
            return make()

        def write(folder: Path) -> None:
            (folder / _FILE).write_text(json.dumps(make()), encoding="utf-8")

        key = json.dumps([inputs, _versions(), _code()], sort_keys=True, default=str)
        files = cached_files(self.cache / "inspected", kind, key, write)
        value: dict[str, Any] = json.loads(files[_FILE])
        return value


def _facts_from(value: dict[str, Any]) -> FileFacts:
    size = value["size"]
    return FileFacts(
        **{
            **value,
            "size": None if size is None else (size[0], size[1]),
            "labels": tuple(value["labels"]),
            "networks": tuple(LikelyNetwork(**network) for network in value["networks"]),
        }
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _code() -> str:
    names = ("inspection", "sources/checkpoint", "catalog/preprocessing_sources", "images")
    folders = [_ROOT / name for name in names]
    paths = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    return sha256_of_sources(_ROOT, paths)

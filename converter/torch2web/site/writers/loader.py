"""The loader: its file, the same in every site of a version, and two scripts that pin a site's manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch2web.assets import Assets
from torch2web.site.manifest import ENTRY
from torch2web.store import FileRecord, integrity, write_bytes_hashed, write_named

SCRIPTS = "scripts/"
_PAGES = (
    "torch2web.js",
    "stub.js",
    "embed.js",
    "page.js",
    "preload.js",
    "verify.js",
    "measure.js",
    "offline.js",
    "snippets.js",
    "torch2web-element.js",
)
PAGE_CHUNK = "page-"
"""Prefix of the files that the page imports on demand."""


@dataclass(frozen=True)
class LoaderFiles:
    """What a page that embeds the loader may fetch of it."""

    stub: FileRecord
    """torch2web.js, the stable name: pins the manifest and exports the public names of `loader`."""
    loader: FileRecord
    """Under a name with its hash, which caches may keep for ever."""
    embed: FileRecord
    """For pages without inline scripts: pins the loader too. A classic script, under a name with its hash."""
    chunks: tuple[FileRecord, ...]
    """Parts of the loader's code that it imports on demand."""
    images: FileRecord
    """The one of `chunks` that each model needs for its first image."""
    decoder: FileRecord
    """The one of `chunks` that coded weights need."""
    types: FileRecord

    @property
    def pinned(self) -> tuple[FileRecord, FileRecord]:
        """Files whose hashes a page states."""
        return self.stub, self.loader

    @property
    def first(self) -> tuple[FileRecord, FileRecord, FileRecord]:
        """The modules that a first answer needs."""
        return self.loader, self.images, self.decoder

    @property
    def files(self) -> tuple[FileRecord, ...]:
        return self.stub, self.loader, self.embed, *self.chunks, self.types


def write_loader(root: Path, assets: Assets, manifest: FileRecord) -> LoaderFiles:
    """Write the loader, which then accepts only the manifest with the hash of `manifest`."""
    loader = write_named(root, "torch2web-*.js", assets.read(f"{SCRIPTS}torch2web.js"))
    names = [path.removeprefix(SCRIPTS) for path in assets.below(SCRIPTS)]
    chunks = [
        name
        for name in names
        if name.endswith(".js") and name not in _PAGES and not name.startswith(PAGE_CHUNK)
    ]
    written = tuple(write_bytes_hashed(root, name, assets.read(SCRIPTS + name)) for name in chunks)
    (images,) = (chunk for chunk in written if chunk.path.startswith("images-"))
    (decoder,) = (chunk for chunk in written if chunk.path.startswith("decoder-"))
    return LoaderFiles(
        stub=write_bytes_hashed(root, ENTRY, stub_of(assets, loader.path, manifest.sha256)),
        loader=loader,
        embed=write_named(root, "embed-*.js", embed_of(assets, loader, manifest.sha256)),
        chunks=written,
        images=images,
        decoder=decoder,
        types=write_bytes_hashed(root, "torch2web.d.ts", assets.read(f"{SCRIPTS}torch2web.d.ts")),
    )


def stub_of(assets: Assets, loader: str, manifest_sha256: str) -> bytes:
    """torch2web.js of the site with this manifest; `loader` is the path of the loader's file beside it."""
    return completed(assets, "stub.js", {"__LOADER__": loader, "__MODEL_INFO_SHA256__": manifest_sha256})


def embed_of(assets: Assets, loader: FileRecord, manifest_sha256: str) -> bytes:
    """embed-….js of the site with this manifest."""
    return completed(assets, "embed.js", pinning(loader, manifest_sha256))


def pinning(loader: FileRecord, manifest_sha256: str) -> dict[str, str]:
    """Values of the placeholders in scripts that pin loader and manifest."""
    return {
        "__LOADER__": loader.path,
        "__MODEL_INFO_SHA256__": manifest_sha256,
        "__LOADER_INTEGRITY__": integrity(loader.sha256),
    }


def completed(assets: Assets, name: str, values: Mapping[str, str]) -> bytes:
    """A script with `values` in place of the placeholders of these names."""
    script = assets.read(SCRIPTS + name).decode()
    for placeholder, value in values.items():
        script = script.replace(placeholder, value)
    return script.encode()

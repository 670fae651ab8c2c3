"""The npm package of the loader; `python -m web.build.npm DIST` writes DIST/torch2web-<version>.tgz."""

import gzip
import io
import json
import sys
import tarfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from torch2web.errors import Torch2WebError
from torch2web.store import cached_files, sha256_of_sources
from web.build.node import run_node
from web.build.scripts import WEB, install_node_modules, node_package, script_sources

ROOT = WEB.parent
CACHE = ROOT / ".cache" / "assets"
PACKAGE = WEB / "package"

BUDGET = 272 * 2**10
"""Largest size of the package in bytes."""

_TEXTS = {"README.md": PACKAGE / "README.md", "LICENSE": ROOT / "LICENSE"}


def main(dist: Path) -> int:
    """Write the package and print its size; returns 1 if it exceeds its budget or cannot be built."""
    try:
        packed = pack(build_package(CACHE))
    except Torch2WebError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    target = dist / f"torch2web-{version('torch2web')}.tgz"
    dist.mkdir(exist_ok=True)
    target.write_bytes(packed)
    size = f"{target}: {len(packed):,} bytes"
    if len(packed) > BUDGET:
        print(f"{size}, over its budget of {BUDGET:,}", file=sys.stderr)
        return 1
    print(size)
    return 0


def build_package(cache: Path) -> dict[str, bytes]:
    """The package's files by their path, kept in `cache` between builds. Raises ToolError."""
    install_node_modules()
    files = [*package_sources(), *script_sources(), Path(__file__)]
    key = f"{sha256_of_sources(ROOT, files)} {version('torch2web')}"

    def make(folder: Path) -> None:
        run_node(["build_package.mjs", str(folder), version("torch2web")], WEB)

    return {**cached_files(cache, "npm", key, make), **_metadata()}


def package_sources() -> list[Path]:
    """All sources of the package, except the loader."""
    found = sorted(path for path in PACKAGE.rglob("*") if path.suffix in (".ts", ".tsx", ".json"))
    return [*found, WEB / "build_package.mjs", *_TEXTS.values()]


def pack(files: Mapping[str, bytes]) -> bytes:
    """The files as npm packs them: `archive_of`, gzipped, without times."""
    return gzip.compress(archive_of(files), 9, mtime=0)


def archive_of(files: Mapping[str, bytes]) -> bytes:
    """A tar of `package/`, without times."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"package/{path}")
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _metadata() -> dict[str, bytes]:
    described = json.loads((PACKAGE / "package.json").read_text())
    described["version"] = version("torch2web")
    noble = node_package("@noble/hashes") / "LICENSE"
    return {
        "package.json": f"{json.dumps(described, indent=2)}\n".encode(),
        "THIRD_PARTY.txt": b"@noble/hashes\n\n" + noble.read_bytes(),
        **{name: path.read_bytes() for name, path in _TEXTS.items()},
    }


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""Sites of large catalogues: a small one whose model has several names, its manifest split."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from torch2web.site.manifest import CHECKSUMS, ENTRY, MANIFEST, SUMS, read_site_manifest, read_sums, split

Model = dict[str, Any]


def split_site(
    site: Path,
    folder: Path,
    names: Sequence[str],
    *,
    page_size: int = 2,
    change: Callable[[Model], Model] = lambda model: model,
) -> Path:
    """A copy of `site` in `folder` with its first model under each of `names`, on pages of that many.

    `change` is applied to each model.
    """
    shutil.copytree(site, folder, copy_function=os.link)
    manifest = read_site_manifest(site)
    first, old = manifest["models"][0], _sha256(folder / MANIFEST)
    manifest["models"] = [change({**first, "name": name, "title": name.upper()}) for name in names]
    (folder / MANIFEST).unlink()  # it is a link
    with patch.object(split, "MAX_INLINE", 0), patch.object(split, "PAGE_SIZE", page_size):
        written = split.write_site_manifest(folder, manifest)
    stub = (folder / ENTRY).read_text().replace(old, written.manifest.sha256)
    rewrite(folder, {ENTRY: stub.encode()})
    found = {file.path: file.sha256 for file in (written.manifest, *written.entries)}
    checksums = json.loads((folder / CHECKSUMS).read_bytes())
    checksums |= {path.removeprefix("models/"): sha256 for path, sha256 in found.items()}
    rewrite(folder, {CHECKSUMS: json.dumps(checksums).encode()})
    sums, _ = read_sums(folder)
    write_sums(folder, sums | found)
    return folder


def rewrite(site: Path, contents: Mapping[str, bytes]) -> None:
    """Put `contents` in place of files that may be links."""
    for path, content in contents.items():
        (site / path).unlink()
        (site / path).write_bytes(content)
    sums, _ = read_sums(site)
    write_sums(site, sums | {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()})


def write_sums(site: Path, sums: Mapping[str, str]) -> None:
    (site / SUMS).unlink()
    (site / SUMS).write_text("".join(f"{sha256}  {path}\n" for path, sha256 in sorted(sums.items())))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

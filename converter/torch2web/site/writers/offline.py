"""The service worker with which the page works offline."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from torch2web.assets import Assets
from torch2web.site.manifest import OFFLINE
from torch2web.store import FileRecord, integrity, write_bytes_hashed


def write_offline(root: Path, assets: Assets, shell: Sequence[FileRecord]) -> FileRecord:
    """Write the service worker, which keeps the files of `shell` and accepts just these bytes of them.

    Its first line lists them; the script that follows is the same in every site.
    """
    files = {file.path: integrity(file.sha256) for file in sorted(shell, key=lambda file: file.path)}
    version = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    listing = json.dumps({"version": version, "files": files}, separators=(",", ":"))
    script = assets.read("scripts/offline.js")
    return write_bytes_hashed(root, OFFLINE, f"self.torch2webShell={listing};\n".encode() + script)

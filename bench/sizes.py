"""Bytes that a visitor downloads."""

import gzip
import tempfile
from pathlib import Path

from converter.console import Output
from converter.webassets import LOADER_BUDGET, build_scripts, install_node_modules, runtime_files


def measure_sizes(output: Output) -> None:
    """The loader and the runtime, plain and gzipped."""
    install_node_modules()
    with tempfile.TemporaryDirectory() as folder:
        scripts = build_scripts("0" * 64, Path(folder))
    files = {"torch2web.js": scripts.loader, "page.js": scripts.page}
    files |= {path.name: path.read_bytes() for path in runtime_files().values()}
    rows = [
        (
            name,
            f"{len(content):,}",
            f"{len(gzip.compress(content, 9)):,}",
            f"{LOADER_BUDGET:,}" if name == "torch2web.js" else "",
        )
        for name, content in files.items()
    ]
    output.table(("bytes", "plain", "gzipped", "budget"), rows)

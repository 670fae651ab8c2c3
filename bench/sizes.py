"""Download sizes."""

import gzip
import json
import tempfile
from pathlib import Path

from torch2web.cli.terminal.console import Output
from web.build.scripts import (
    BUDGETS,
    build_scripts,
    check_script_budgets,
    install_node_modules,
    runtime_files,
)


def measure_sizes(output: Output) -> None:
    """The scripts with their budgets, and the runtime, plain and gzipped."""
    install_node_modules()
    with tempfile.TemporaryDirectory() as folder:
        scripts = check_script_budgets(build_scripts(Path(folder)))
    budgets = json.loads(BUDGETS.read_text())
    rows = [(name, f"{size:,}", f"{budgets[name]:,}") for name, size in scripts.items()]
    rows += [
        (path.name, f"{len(gzip.compress(path.read_bytes(), 9)):,}", "")
        for path in runtime_files("cpu").values()
    ]
    output.table(("bytes, gzipped", "size", "budget"), rows)

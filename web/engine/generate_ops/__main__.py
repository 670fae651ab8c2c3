"""`python -m web.engine.generate_ops`: write the generated files; with --check, fail where one is stale."""

import sys
from collections.abc import Mapping
from pathlib import Path

from web.engine.generate_ops.c_functions import ops_c, ops_h
from web.engine.generate_ops.c_headers import format_h, operators_h
from web.engine.generate_ops.formatting import ENGINE, format_c, format_python
from web.engine.generate_ops.python_text import format_py, ops_py
from web.engine.generate_ops.read import TABLE, TableError, read_table

ROOT = ENGINE.parents[1]
PYTHON = Path("converter/torch2web/plan")


def generated(table: Path = TABLE) -> Mapping[Path, str]:
    """What the generated files should contain, by path from the root of the checkout. Raises TableError."""
    content = read_table(table)
    return {
        Path("web/engine/kernels/operators.h"): format_c(operators_h(content)),
        Path("web/engine/plan/format.h"): format_c(format_h(content)),
        Path("web/engine/plan/ops.h"): format_c(ops_h(content)),
        Path("web/engine/plan/ops.c"): format_c(ops_c(content)),
        PYTHON / "format.py": format_python(format_py(content)),
        PYTHON / "ops.py": format_python(ops_py(content)),
    }


def stale(root: Path, table: Path) -> list[Path]:
    """The files below `root` that differ from those generated from `table`. Raises TableError."""

    def found(path: Path) -> str | None:
        return (root / path).read_text() if (root / path).exists() else None

    return [path for path, text in generated(table).items() if found(path) != text]


def main(arguments: list[str], root: Path = ROOT, table: Path = TABLE) -> int:
    try:
        if arguments == ["--check"]:
            paths = stale(root, table)
            for path in paths:
                print(f"{path} is stale: run python -m web.engine.generate_ops", file=sys.stderr)
            return 1 if paths else 0
        for path, text in generated(table).items():
            (root / path).write_text(text)
    except TableError as error:
        print(f"web/engine/ops.toml: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

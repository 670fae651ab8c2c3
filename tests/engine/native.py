"""The engine compiled for this machine by gcc, whose sanitizers can be preloaded into Python."""

import hashlib
import subprocess
from pathlib import Path

from web.build.engine import include_flags

SOURCES = Path(__file__).parents[2] / "web" / "engine"
FLAGS = ("-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-pthread")
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1")


def build_library(folder: Path, *flags: str) -> Path:
    """Compile the sources into a shared library, cached by their content."""
    sources = sorted(SOURCES.rglob("*.c"))
    content = b"".join(path.read_bytes() for path in (*sources, *sorted(SOURCES.rglob("*.h"))))
    key = hashlib.sha256(content + repr(flags).encode()).hexdigest()[:16]
    library = folder / f"engine-{key}.so"
    if not library.exists():
        made = folder / f"engine-{key}.{id(folder)}.tmp"
        subprocess.run(
            ["gcc", *FLAGS, *include_flags(), *flags, *map(str, sources), "-o", str(made), "-lm"],
            check=True,
        )
        made.rename(library)
    return library

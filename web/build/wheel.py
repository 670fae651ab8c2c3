"""`python -m web.build.wheel DIST`: compress the wheel in DIST well, and check that it is complete."""

import sys
import zipfile
from pathlib import Path

BUDGET = 25 * 10**6
"""Largest size of the wheel in bytes."""

_NEEDED = (
    "torch2web/assets/files/assets.json",
    "torch2web/demo/mobilenet_v2.safetensors.xz",
    "torch2web/py.typed",
)


def main(folder: Path) -> int:
    """Print the wheel's size; returns 1 if files are missing or it exceeds its budget."""
    wheel = max(folder.glob("torch2web-*.whl"), key=lambda path: path.stat().st_mtime)
    names = _compress(wheel)
    size = wheel.stat().st_size
    problems = [f"it lacks {name}" for name in _NEEDED if name not in names]
    problems += [] if wheel.name.endswith("-py3-none-any.whl") else ["it is not pure"]
    problems += [f"it has {size:,} bytes, over its budget of {BUDGET:,}"] if size > BUDGET else []
    print(f"{wheel}: {size / 1e6:.1f} MB" + "".join(f"\n  {problem}" for problem in problems))
    return 1 if problems else 0


def _compress(wheel: Path) -> list[str]:
    """Write the wheel's files again with the best compression of Deflate; return their names.

    setuptools compresses with zlib's usual level; wheels may have no other method.
    """
    packed = wheel.with_suffix(".packed")
    with zipfile.ZipFile(wheel) as found, zipfile.ZipFile(packed, "w") as best:
        for entry in found.infolist():
            best.writestr(entry, found.read(entry), zipfile.ZIP_DEFLATED, compresslevel=9)
        names = best.namelist()
    packed.replace(wheel)
    return names


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

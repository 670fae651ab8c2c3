"""`python -m web.build.wheel DIST`: check that the wheel in DIST is complete, pure and within its budget."""

import sys
import zipfile
from pathlib import Path

BUDGET = 25 * 10**6
"""Largest size of the wheel in bytes."""

_NEEDED = (
    "torch2web/assets/files/assets.json",
    "torch2web/demo/mobilenet_v2.safetensors",
    "torch2web/py.typed",
)


def main(folder: Path) -> int:
    """Print the wheel's size; returns 1 if files are missing or it exceeds its budget."""
    wheel = max(folder.glob("torch2web-*.whl"), key=lambda path: path.stat().st_mtime)
    names = zipfile.ZipFile(wheel).namelist()
    size = wheel.stat().st_size
    problems = [f"it lacks {name}" for name in _NEEDED if name not in names]
    problems += [] if wheel.name.endswith("-py3-none-any.whl") else ["it is not pure"]
    problems += [f"it has {size:,} bytes, over its budget of {BUDGET:,}"] if size > BUDGET else []
    print(f"{wheel}: {size / 1e6:.1f} MB" + "".join(f"\n  {problem}" for problem in problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""`python -m web.build.wheel DIST`: build the wheel with the compiled assets, and check size and contents."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from torch2web.assets import FILES, load_assets
from web.build.assets import ROOT, write_assets

BUDGET = 25 * 10**6
"""Largest size of the wheel in bytes."""

_NEEDED = (
    "torch2web/assets/files/assets.json",
    "torch2web/demo/mobilenet_v2.safetensors.xz",
    "torch2web/py.typed",
)


def main(folder: Path) -> int:
    """Build it and print its size; returns 1 if files are missing or it exceeds its budget."""
    with TemporaryDirectory() as work:
        built = _build(Path(work))
        names = _compress(built)
        folder.mkdir(parents=True, exist_ok=True)
        wheel = Path(shutil.copy(built, folder))
    size = wheel.stat().st_size
    problems = [f"it lacks {name}" for name in _NEEDED if name not in names]
    problems += [] if wheel.name.endswith("-py3-none-any.whl") else ["it is not pure"]
    problems += [f"it has {size:,} bytes, over its budget of {BUDGET:,}"] if size > BUDGET else []
    print(f"{wheel}: {size / 1e6:.1f} MB" + "".join(f"\n  {problem}" for problem in problems))
    return 1 if problems else 0


def _build(work: Path) -> Path:
    """A wheel of a copy of the package, with compressed assets; setuptools leaves files where it builds."""
    source, assets = work / "source", load_assets()
    shutil.copytree(
        ROOT / "converter",
        source / "converter",
        ignore=shutil.ignore_patterns("*.egg-info", "__pycache__", FILES.name),
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    contents = {path: assets.read(path) for path in assets.index["files"]}
    copied = source / FILES.relative_to(ROOT)
    copied.mkdir()
    write_assets(copied, contents, assets.index["sources"], small=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--wheel-dir", work, source], check=True)
    (wheel,) = work.glob("torch2web-*.whl")
    return wheel


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

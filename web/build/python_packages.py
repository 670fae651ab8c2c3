"""pytest and its dependencies for Pyodide: pure wheels, repacked from the installed distributions."""

import io
import zipfile
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

PURE = ("iniconfig", "packaging", "pluggy", "pygments", "pytest")
"""pytest and its dependencies, from this Python's installation."""

_INSTALLERS_OWN = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"}


def pack_installed(name: str) -> tuple[str, bytes]:
    """File name and bytes of a wheel of the installed pure package `name`; reproducible."""
    package = distribution(name)
    packed = io.BytesIO()
    files = {
        file.as_posix(): Path(str(file.locate())).read_bytes()
        for file in sorted(package.files or [])
        if file.suffix != ".pyc" and ".." not in file.parts and file.name not in _INSTALLERS_OWN
    }
    info = next(PurePosixPath(path).parent for path in files if path.endswith(".dist-info/METADATA"))
    # RECORD lists the files and may omit hashes; the lock file has the hash of the wheel.
    record = f"{info}/RECORD"
    files[record] = "".join(f"{path},,\n" for path in [*files, record]).encode()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return f"{name}-{package.version}-py3-none-any.whl", packed.getvalue()

"""pytest and its dependencies for Pyodide: pure wheels, packed again from the installed distributions."""

import io
import zipfile
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

PURE = ("iniconfig", "packaging", "pluggy", "pygments", "pytest")
"""pytest and its dependencies, from this Python's installation."""

_INSTALLERS_OWN = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"}


def pack_installed(name: str) -> tuple[str, bytes]:
    """File name and bytes of a wheel of the installed pure package `name`: each time the same bytes."""
    package = distribution(name)
    packed = io.BytesIO()
    files = {
        file.as_posix(): Path(str(file.locate())).read_bytes()
        for file in sorted(package.files or [])
        if file.suffix != ".pyc" and ".." not in file.parts and file.name not in _INSTALLERS_OWN
    }
    info = next(PurePosixPath(path).parent for path in files if path.endswith(".dist-info/METADATA"))
    # A RECORD lists each file and may leave its hash out; the lock file has the hash of the whole.
    record = f"{info}/RECORD"
    files[record] = "".join(f"{path},,\n" for path in [*files, record]).encode()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return f"{name}-{package.version}-py3-none-any.whl", packed.getvalue()

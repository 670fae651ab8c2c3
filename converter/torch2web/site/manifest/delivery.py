"""How a site is delivered: the options of a build that decide which files it holds."""

from dataclasses import dataclass
from pathlib import Path

from torch2web.site.manifest.backends import Backends
from torch2web.site.signing import SigningKey


@dataclass(frozen=True)
class Delivery:
    """How the site is to be put onto a server."""

    max_file_size: int = 20 * 2**20
    """Most bytes of a file that the page loads; larger ones are split."""
    backends: Backends = Backends.BOTH
    plain_models: bool = True
    """Whether the whole ONNX files are part of it, which only servers and people need."""
    precompressed: bool = True
    """Whether files that shrink have a `.br` and a `.gz` beside them."""
    verify_page: bool = True
    signing_key: SigningKey | None = None
    pyodide_wheels: Path | None = None
    """Folder with NumPy and Pillow for Pyodide; None leaves the tests that need them to skip."""

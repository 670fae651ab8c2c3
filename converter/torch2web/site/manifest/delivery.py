"""How a site is delivered: the options of a build that decide which files it holds."""

from dataclasses import dataclass
from pathlib import Path

from torch2web.catalog import EXACT
from torch2web.site.manifest.backends import Backends
from torch2web.site.signing import SigningKey

SMALL_EXACT = 32 * 2**20
"""Size in bytes up to which a model's unrounded weights are part of a site by default."""

ALL_VARIANTS = "all"


@dataclass(frozen=True)
class Delivery:
    """How the site is to be put onto a server."""

    max_file_size: int = 20 * 2**20
    """Most bytes of a file that the page loads; larger ones are split."""
    backends: Backends = Backends.BOTH
    full_onnx: bool = True
    """Whether to include the whole ONNX files, which only servers and people need."""
    variants: tuple[str, ...] = ()
    """Names of the variants to include besides each model's default, or "all". Without any: fp32 of models
    in which it has at most SMALL_EXACT bytes."""
    precompressed: bool = True
    """Whether files that shrink have a `.br` and a `.gz` beside them."""
    verify_page: bool = True
    docs: bool = True
    """Whether to include the documentation."""
    signing_key: SigningKey | None = None
    pyodide_wheels: Path | None = None
    """Folder with NumPy and Pillow for Pyodide; None leaves the tests that need them to skip."""

    def includes(self, variant: str, size: int) -> bool:
        """Whether a variant with weights of `size` bytes is part of the site, were it not the default."""
        if self.variants:
            return ALL_VARIANTS in self.variants or variant in self.variants
        return variant == EXACT and size <= SMALL_EXACT

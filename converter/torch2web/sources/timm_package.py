"""Imports timm, an optional package, without what its own dependencies print."""

import contextlib
import importlib
import io
import warnings
from typing import Any


def import_timm() -> Any:
    """The package. Raises whatever importing it raises.

    Parts of huggingface_hub that it can do without report to the standard output that they are missing.
    """
    nowhere = io.StringIO()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        warnings.simplefilter("ignore")
        return importlib.import_module("timm")

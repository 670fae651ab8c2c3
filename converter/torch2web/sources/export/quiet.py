"""Silence around PyTorch's exporters."""

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without warnings, log lines and output: of both exporters, of tracing, and of the network's code."""
    logger = logging.getLogger("torch.onnx")
    before, fast = logger.level, torch.backends.mha.get_fastpath_enabled()
    logger.setLevel(logging.CRITICAL)
    torch.backends.mha.set_fastpath_enabled(False)  # one fused operator that ONNX does not have
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), _no_output_of_c():
            # One exporter warns that it is deprecated, the other about its own dependencies.
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        logger.setLevel(before)


@contextlib.contextmanager
def _no_output_of_c() -> Iterator[None]:
    """Without what C++ prints to the standard output: the whole graph, where it cannot be exported."""
    sys.__stdout__.flush() if sys.__stdout__ else None
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)

"""Inference sessions of onnxruntime on the CPU."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from torch2web.errors import VerificationError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions


def create_session(path: Path) -> "InferenceSession":
    """Create a session of an ONNX file. Raises VerificationError if onnxruntime cannot load it."""
    from onnxruntime import (
        InferenceSession,  # takes a third of a second, which other builds need not wait for
    )

    try:
        return InferenceSession(path, _options(), providers=["CPUExecutionProvider"])
    except Exception as error:  # its exception classes are private and have no common base
        raise VerificationError(path.name, f"onnxruntime cannot load it: {error}", {}, "") from error


def create_session_with(graph: bytes, weights: Mapping[str, NDArray[np.float32]]) -> "InferenceSession":
    """Create a session of a serialised ONNX model with external `weights`, by initializer name.

    Raises VerificationError if onnxruntime cannot load it.
    """
    from onnxruntime import InferenceSession, OrtValue

    options = _options()
    try:
        values = [OrtValue.ortvalue_from_numpy(value) for value in weights.values()]
        options.add_external_initializers(list(weights), values)
        return InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise VerificationError("the graph", f"onnxruntime cannot load it: {error}", {}, "") from error


def _options() -> "SessionOptions":
    from onnxruntime import SessionOptions

    options = SessionOptions()
    options.log_severity_level = 3  # errors only
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as OpenMP's: see torch2web
    return options


def run_session(session: "InferenceSession", inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run a session with one input and one output: [batch, 3, height, width] → logits [batch, classes].

    Raises VerificationError if onnxruntime fails.
    """
    feeds = {session.get_inputs()[0].name: inputs}
    try:
        logits: NDArray[np.float32] = session.run(None, feeds)[0]
    except Exception as error:  # as above
        raise VerificationError("onnxruntime", f"it cannot run the model: {error}", {}, "") from error
    return logits

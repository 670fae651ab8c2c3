"""ONNX files in onnxruntime on the CPU."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from torch2web.errors import VerificationError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions


def create_session(path: Path) -> "InferenceSession":
    """A session on the CPU. Raises VerificationError where onnxruntime refuses the file."""
    from onnxruntime import (
        InferenceSession,  # takes a third of a second, which other builds need not wait for
    )

    try:
        return InferenceSession(path, _options(), providers=["CPUExecutionProvider"])
    except Exception as error:  # its exception classes are not public and share no base
        raise VerificationError(path.name, f"onnxruntime cannot load it: {error}", {}, "") from error


def create_session_with(graph: bytes, weights: Mapping[str, NDArray[np.float32]]) -> "InferenceSession":
    """A session of a graph whose weights are external data. Raises VerificationError."""
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
    options.log_severity_level = 3  # errors alone
    return options


def run_session(session: "InferenceSession", inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits [batch, classes] of `inputs` [batch, 3, height, width], by the file's own names."""
    feeds = {session.get_inputs()[0].name: inputs}
    try:
        logits: NDArray[np.float32] = session.run(None, feeds)[0]
    except Exception as error:  # as above
        raise VerificationError("onnxruntime", f"it cannot run the model: {error}", {}, "") from error
    return logits

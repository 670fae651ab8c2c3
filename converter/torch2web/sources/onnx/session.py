"""Runs ONNX files with onnxruntime on the CPU."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from torch2web.errors import CheckpointError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_session(path: Path, model: ModelProto | None = None) -> "InferenceSession":
    """A session of `model`, or of the file `path` with its external data. Raises CheckpointError."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 4  # what fails raises
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as OpenMP's: see torch2web
    content = str(path) if model is None else model.SerializeToString()
    try:
        return InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except MemoryError:
        raise
    except Exception as error:  # its exception classes are private and have no common base
        raise CheckpointError(path, f"onnxruntime cannot load it: {_short(error)}") from error


def run_one(session: Any, name: str, feed: NDArray[Any], output: str) -> NDArray[np.float32]:
    """The output `output` for the input `name`. Raises CheckpointError."""
    try:
        found: NDArray[np.float32] = session.run([output], {name: feed})[0]
    except MemoryError:
        raise
    except Exception as error:  # as above
        raise CheckpointError(Path(name), f"onnxruntime cannot run the network: {_short(error)}") from error
    return found


def _short(error: Exception, limit: int = 300) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= limit else text[:limit] + " …"

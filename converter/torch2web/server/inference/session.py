"""Sessions of onnxruntime, of bytes that were checked, which gave the build's outputs on this machine."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from torch2web.errors import ServerError
from torch2web.images import golden_input
from torch2web.server.inference.site_models import ServedModel

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class ModelSession:
    """One model, ready to compute."""

    def __init__(self, model: ServedModel, threads: int) -> None:
        """Open it. Raises ServerError for a file of another build, or outputs other than recorded."""
        self.model = model
        self._session = _open(model, threads)
        self._input = self._session.get_inputs()[0].name
        self._self_check()

    def run(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Outputs [batch, outputs] of `images`, [batch, channels, height, width]. Raises ServerError."""
        try:
            outputs: NDArray[np.float32] = self._session.run(None, {self._input: images})[0]
        except Exception as error:  # its exception classes are private and have no common base
            raise ServerError(f"{self.model.name}: onnxruntime cannot run it: {error}") from error
        return outputs

    def _self_check(self) -> None:
        """As the loader does on a visitor's device: the golden input must give the recorded outputs."""
        golden = self.model.golden
        outputs = self.run(golden_input(golden["seed"], self.model.preprocessing))
        expected = np.asarray(golden["logits"])
        if outputs.shape != expected.shape:
            found = f"found golden outputs {list(outputs.shape)}, expected {list(expected.shape)}"
            raise ServerError(f"{self.model.name}: {found}")
        difference = np.abs(outputs - expected).max(axis=1)
        if not np.all(difference <= golden["tolerance"]):  # NaN neither
            found = f"its golden outputs differ by {difference.max():.3g} on this machine"
            limit = float(np.max(golden["tolerance"]))
            raise ServerError(f"{self.model.name}: {found}, expected at most {limit:g}")


def _open(model: ServedModel, threads: int) -> "InferenceSession":
    from onnxruntime import InferenceSession, SessionOptions

    try:
        content = model.path.read_bytes()
    except OSError as error:
        raise ServerError(f"{model.path}: it cannot be read: {error.strerror}") from error
    # The bytes that were checked are those that are loaded.
    if (found := hashlib.sha256(content).hexdigest()) != model.sha256:
        raise ServerError(
            f"{model.path}: found SHA-256 {found}, expected {model.sha256}; build the site again"
        )
    options = SessionOptions()
    options.log_severity_level = 4  # what fails raises
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads that spin would take the time of other workers and of decoding.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise ServerError(f"{model.path}: onnxruntime cannot load it: {error}") from error

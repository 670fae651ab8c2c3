"""Refuses networks that end in an activation: softmax is applied to their outputs later."""

import numpy as np
import onnx
from numpy.typing import NDArray

from torch2web.catalog import ModelSpec
from torch2web.errors import VerificationError
from torch2web.verification.reference_run import ReferenceRun

_SUM_TOLERANCE = 1e-3
"""Of the probabilities of an image, whose sum is rounded in float32."""

_SIGMOIDS = ("Sigmoid", "HardSigmoid")
_VALUE_PRESERVING = ("Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
"""Operators that leave values as they are."""


def require_logits(graph: bytes, spec: ModelSpec, reference: ReferenceRun) -> None:
    """Raise VerificationError if the outputs are probabilities, of softmax or sigmoid, or their logarithms.

    Softmax shows in the values. Sigmoid is told by the last operator of `graph`, ONNX, since logits may
    happen to be between 0 and 1 too.
    """
    outputs = np.concatenate([reference.logits[1], reference.golden_logits]).astype(np.float64)
    if (outputs >= 0).all() and _sum_to_one(outputs):
        found, layer = "probabilities, which are positive and sum to 1", "softmax"
    elif (outputs <= 0).all() and _sum_to_one(np.exp(outputs)):
        found, layer = "logarithms of probabilities", "log_softmax"
    elif _last_operator(graph) in _SIGMOIDS:
        found, layer = "probabilities between 0 and 1", "sigmoid"
    else:
        return
    problem = (
        f"found {found}, expected logits. Softmax is applied to the outputs later: a second one would show "
        f"50 % as 39 %. Leave the last {layer} out of the network's forward()"
    )
    raise VerificationError(spec.name, problem, {}, "")


def _sum_to_one(probabilities: NDArray[np.float64]) -> bool:
    return bool(np.allclose(probabilities.sum(axis=1), 1, atol=_SUM_TOLERANCE))


def _last_operator(content: bytes) -> str:
    """The operator that computes the first output, apart from those that leave values as they are."""
    graph = onnx.load_from_string(content).graph
    producers = {name: node for node in graph.node for name in node.output}
    node = producers.get(graph.output[0].name)
    while node is not None and node.op_type in _VALUE_PRESERVING:
        node = producers.get(node.input[0])
    return node.op_type if node is not None else ""

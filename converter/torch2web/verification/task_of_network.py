"""Completes a model's task by its network, which may end in an activation."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import ModelSpec
from torch2web.errors import VerificationError
from torch2web.tasks import Meaning, Task
from torch2web.verification.reference_run import ReferenceRun

_SUM_TOLERANCE = 1e-3
"""Of the probabilities of an image, whose sum is rounded in float32."""

_SIGMOIDS = ("Sigmoid", "HardSigmoid")
_VALUE_PRESERVING = ("Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
"""Operators that leave values as they are."""


def fit_outputs(spec: ModelSpec, reference: ReferenceRun) -> ModelSpec:
    """`spec`, as `binary` where its network gives one number for two labels."""
    single = reference.golden_logits.ndim == 2 and reference.golden_logits.shape[1] == 1
    if spec.may_be_binary and single:
        return replace(spec, task=Task("binary").for_labels(2))
    return spec


def recognise_activation(graph: bytes, spec: ModelSpec, reference: ReferenceRun) -> ModelSpec:
    """`spec`, with task `probabilities` where its network ends in softmax or sigmoid itself.

    They would be applied twice otherwise: 50 % would be shown as 39 %. Softmax shows in the values of the
    outputs; sigmoid in the last operator of `graph`, ONNX, since logits may happen to be between 0 and 1 too.
    Logarithms of probabilities (log_softmax) stay logits: their softmax is the probabilities.
    Raises VerificationError if the outputs are not what the task says.
    """
    if not spec.task.has_labels:
        return spec
    outputs = np.concatenate([reference.logits[1], reference.golden_logits]).astype(np.float64)
    of = _activation_of(graph, outputs, len(spec.labels))
    given = spec.task
    if of is None and given.kind == "probabilities" and given.of is not None:
        of = given.of if _are_probabilities(outputs) else None
    if of is None:
        if given.kind != "probabilities":
            return spec
        found = f"found outputs from {outputs.min():.3g} to {outputs.max():.3g}"
        problem = f"{found} of a network that ends in neither softmax nor sigmoid, expected probabilities"
        raise VerificationError(spec.name, f"{problem}; set task to softmax, sigmoid or binary", {}, "")
    try:
        task = Task("probabilities", _thresholds(given, of), of=of).for_labels(len(spec.labels))
    except ValueError as error:
        raise VerificationError(spec.name, f"its network ends in {of}: {error}", {}, "") from error
    return replace(spec, task=task)


def _thresholds(task: Task, of: Meaning) -> tuple[float, ...]:
    """Those of `task`; softmax has none, whatever the catalogue says."""
    return () if of == "softmax" and task.kind != "probabilities" else task.thresholds


def _activation_of(graph: bytes, outputs: NDArray[np.float64], labels: int) -> Meaning | None:
    if outputs.shape[1] > 1 and _are_probabilities(outputs) and _sum_to_one(outputs):
        return "softmax"
    if _last_operator(graph) in _SIGMOIDS:
        return "binary" if outputs.shape[1] == 1 and labels == 2 else "sigmoid"
    return None


def _are_probabilities(outputs: NDArray[np.float64]) -> bool:
    return bool(((outputs >= 0) & (outputs <= 1 + _SUM_TOLERANCE)).all())


def _sum_to_one(probabilities: NDArray[np.float64]) -> bool:
    return bool(np.allclose(probabilities.sum(axis=1), 1, atol=_SUM_TOLERANCE))


def _last_operator(content: bytes) -> str:
    """The operator that computes the first output, apart from those that leave values as they are."""
    import onnx  # builds with cached conversions do not need it

    graph = onnx.load_from_string(content).graph
    producers = {name: node for node in graph.node for name in node.output}
    node = producers.get(graph.output[0].name)
    while node is not None and node.op_type in _VALUE_PRESERVING:
        node = producers.get(node.input[0])
    return node.op_type if node is not None else ""

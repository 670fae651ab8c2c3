"""How errors of a layer's outputs go together in what a network answers, and how one makes up for another.

Errors of many outputs cancel in a few scores. What a network does with a vector of outputs is measured by
changing each of them, around values as calibration pictures cause them. Outputs are then rounded block after
block: each block makes up for what those before it are off, as far as the scores see it (the output side of
the Kronecker-factored curvature of K-FAC, Martens and Grosse 2015, in place of the identity in GPTQ).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from torch2web.errors import VerificationError
from torch2web.verification import create_session_with

Scores = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""Of the network's outputs [batch, outputs], what is compared of them: `activate` of its task."""

MAX_OUTPUTS = 1024
"""Outputs of a layer up to which each is changed by itself."""

_BLOCKS = 16
_DAMPING = 0.3
"""Added to the diagonal of the outputs' moments, as a share of its mean."""

_AROUND = 0.7
"""Values are taken so far from those of a picture, as a share of their standard deviation: which units are
active differs from picture to picture."""

_DRAWS = 16
"""Of values around those of each picture."""

_CHANGE = 0.02
"""Of an output, as a share of the same."""


@dataclass(frozen=True)
class Feedback:
    """What each block of a layer's outputs makes up for."""

    blocks: tuple[tuple[NDArray[np.intp], NDArray[np.float32]], ...]
    """Outputs of each in the order of rounding, and a matrix [outputs of the blocks before, its outputs].

    What those before are too small by, times the matrix, is added to the weights of the block.
    """

    @classmethod
    def none(cls, outputs: int) -> "Feedback":
        """One block: no output makes up for another."""
        return cls(((np.arange(outputs), np.zeros((0, outputs), np.float32)),))

    @classmethod
    def by(cls, moments: NDArray[np.float64]) -> "Feedback":
        """By what changes of outputs do to scores together, [outputs, outputs].

        Outputs that matter least are first. With all blocks after it, each makes up for what is missing as
        well as can be; the next one begins with what is missing then.
        """
        mean = float(np.diag(moments).mean()) or 1.0
        order = np.argsort(np.diag(moments), kind="stable")
        damped = moments[np.ix_(order, order)] / mean + _DAMPING * np.eye(len(moments))
        blocks = []
        start = 0
        for part in np.array_split(order, _BLOCKS):
            made_up = np.linalg.solve(damped[start:, start:], damped[start:, :start])[: len(part)]
            blocks.append((part, made_up.T.astype(np.float32)))
            start += len(part)
        return cls(tuple(block for block in blocks if len(block[0])))


def feedback_of(
    model: onnx.ModelProto,
    weights: Mapping[str, NDArray[np.float32]],
    values: Mapping[str, Sequence[NDArray[np.float32]]],
    importance: Sequence[float],
    scores: Scores,
) -> Feedback | None:
    """Of tensors [batch, numbers] of `model`, by name with their value for each calibration picture.

    None where it cannot be measured: what follows in the network reads other tensors too or takes one picture
    at a time, or there are more than MAX_OUTPUTS. `importance` are factors of the pictures.
    """
    if any(value.ndim != 2 for found in values.values() for value in found):
        return None
    each = np.concatenate([np.concatenate(found) for found in values.values()], axis=1)
    pictures, outputs = each.shape
    rest = _what_follows(model, tuple(values))
    if rest is None or pictures != len(importance) or outputs > MAX_OUTPUTS:
        return None
    read = {name for node in rest.graph.node for name in node.input}
    try:
        session = create_session_with(
            rest.SerializeToString(), {name: value for name, value in weights.items() if name in read}
        )
    except VerificationError:
        return None
    cuts = np.cumsum([found[0].shape[1] for found in values.values()])[:-1]

    def answers(rows: NDArray[np.float32]) -> NDArray[np.float64]:
        return scores(session.run(None, dict(zip(values, np.split(rows, cuts, axis=1), strict=True)))[0])

    spread = float(each.std()) or 1.0
    random = np.random.Generator(np.random.PCG64(0))
    changes = np.concatenate([np.zeros((1, outputs)), _CHANGE * spread * np.eye(outputs)]).astype(np.float32)
    moments = np.zeros((outputs, outputs))
    for value, factor in zip(each, importance, strict=True):
        for draw in random.normal(scale=_AROUND * spread, size=(_DRAWS, outputs)):
            try:
                found = answers((value + draw).astype(np.float32) + changes)
            except Exception:  # noqa: BLE001 -- onnxruntime's own, where a shape is that of one picture
                return None
            if found.ndim != 2 or len(found) != len(changes):
                return None
            slopes = factor * (found[1:] - found[:1]) / (_CHANGE * spread)
            moments += slopes @ slopes.T
    return Feedback.by(moments) if np.isfinite(moments).all() else None


def _what_follows(model: onnx.ModelProto, names: tuple[str, ...]) -> onnx.ModelProto | None:
    """The part of `model` that computes its output from the tensors `names`, if it reads no other ones."""
    known = set(names)
    nodes = []
    constant = {node.output[0]: node for node in model.graph.node if node.op_type == "Constant"}
    for node in model.graph.node:
        if known.intersection(node.input) and not known.intersection(node.output):
            nodes.append(node)
            known.update(node.output)
    read = {name for node in nodes for name in node.input if name} - known
    stored = [tensor for tensor in model.graph.initializer if tensor.name in read]
    read -= {tensor.name for tensor in stored}
    output = model.graph.output[0].name
    if read - constant.keys() or output not in known or output in names:
        return None
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
    answer = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
    rest = onnx.ModelProto()
    rest.CopyFrom(model)
    rest.graph.CopyFrom(
        helper.make_graph(
            [*(constant[name] for name in sorted(read)), *nodes], "rest", inputs, [answer], stored
        )
    )
    return rest

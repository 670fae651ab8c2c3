"""Error feedback between the outputs of a layer, as far as the network's scores tell their errors apart.

A layer has hundreds of outputs and the network a few scores, in which errors of the outputs can cancel. How
much each output moves each score is measured: outputs are changed one by one, around their values for
calibration pictures, and the rest of the network is run. Outputs are then rounded in blocks, and each block
makes up for the errors of the blocks before it. In GPTQ all outputs count alike; here they are weighted by
the output factor of K-FAC's curvature (Martens and Grosse 2015).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx.utils import Extractor

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
"""Noise on the values of a picture, as a share of the standard deviation of all values: which outputs a ReLU
lets through differs from picture to picture."""

_DRAWS = 16
"""Draws of that noise for each picture."""

_CHANGE = 0.02
"""By how much an output is changed, as a share of the same standard deviation."""


@dataclass(frozen=True)
class Feedback:
    """How blocks of a layer's outputs correct the errors of the blocks before them."""

    blocks: tuple[tuple[NDArray[np.intp], NDArray[np.float32]], ...]
    """The outputs of each block, in the order of rounding, and a matrix [outputs before it, outputs of it].

    What the weights before it are too small by, times the matrix, is added to the weights of the block.
    """

    @classmethod
    def none(cls, outputs: int) -> "Feedback":
        """One block with all outputs, which corrects nothing."""
        return cls(((np.arange(outputs), np.zeros((0, outputs), np.float32)),))

    @classmethod
    def by(cls, moments: NDArray[np.float64]) -> "Feedback":
        """From second moments [outputs, outputs] of the slopes of scores.

        Outputs that matter least are rounded first. A block is given the share of the errors before it that
        it has in their best correction by all outputs still to be rounded.
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
    """Measure the feedback between the outputs of a layer of `model`.

    `values` are the tensors [1, outputs] that the layer computes, by name, for each calibration picture; a
    split layer computes several. `importance` are factors of the pictures.

    None where nothing can be measured: the rest of the network reads other tensors too or takes one picture
    at a time, or there are more than MAX_OUTPUTS.
    """
    if any(value.ndim != 2 for found in values.values() for value in found):
        return None
    each = np.concatenate([np.concatenate(found) for found in values.values()], axis=1)
    pictures, outputs = each.shape
    if model.graph.output[0].name in values or pictures != len(importance) or outputs > MAX_OUTPUTS:
        return None
    rest = _what_follows(model, tuple(values))
    read = {tensor.name for tensor in rest.graph.initializer}
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


def _what_follows(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The part of `model` that computes its output from the tensors `names`, for any number of pictures.

    Where it reads other tensors too, onnxruntime refuses to load it.
    """
    asking = onnx.ModelProto()
    asking.CopyFrom(model)
    del asking.graph.value_info[:]
    asking.graph.value_info.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
    )
    return Extractor(asking).extract_model(list(names), [model.graph.output[0].name])

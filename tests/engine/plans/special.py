"""Samples with one special number each (NaN, infinities, denormals), whose effect shows in the output."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import NodeProto

from tests.engine.plans.running import Floats, onnxruntime_run

LARGE = np.float32(3e38)
"""Twice this is infinite."""

LARGE_IN_PRODUCTS = np.float32(1e30)
"""Where sums of products follow: whether those of LARGE overflow on the way depends on their order, on
rounding a product before it is added, and on what of a factor is in the weights already. None of that is
fixed, in onnxruntime neither."""

SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, 1e-41, -1e-41, LARGE, -LARGE, 0.0, -0.0, 88.0, -88.0, 104.0, -104.0], np.float32
)

LARGE_IN_PRODUCTS_OF_PRODUCTS = np.float32(1e15)

MAXIMA = ("ArgMax", "ArgMin", "GlobalMaxPool", "MaxPool", "ReduceLogSumExp", "ReduceMax", "ReduceMin")

SPREAD = ("LRN", "Resize", "Upsample")
"""Products with a constant matrix, whose zeros make NaN of infinity; onnxruntime's has no such zeros."""


def special_numbers(nodes: Sequence[NodeProto]) -> Floats:
    """The special numbers for which onnxruntime's result is well-defined."""
    numbers = SPECIAL
    if any(node.op_type in MAXIMA for node in nodes):
        # onnxruntime's maximum of NaN depends on the position in a vector of its kernel, so on the machine.
        # The engine's is NaN, as in PyTorch: see test_special_numbers.py.
        numbers = numbers[~np.isnan(numbers)]
    if any(node.op_type in SPREAD for node in nodes):
        numbers = numbers[np.isfinite(numbers)]
    if any(node.op_type == "LRN" for node in nodes):  # whose squares would be infinite
        numbers = numbers[np.abs(numbers) < LARGE]
    products = ("Conv", "ConvTranspose", "Gemm", "MatMul", "Resize", "Upsample")
    if any(node.op_type in products for node in nodes):
        repeated = sum(node.op_type == "MatMul" for node in nodes) > 1
        large = LARGE_IN_PRODUCTS_OF_PRODUCTS if repeated else LARGE_IN_PRODUCTS
        numbers = np.where(np.abs(numbers) == LARGE, np.copysign(large, numbers), numbers)
    if {"Clip", "Mul"} <= {node.op_type for node in nodes}:
        # A hard swish written out multiplies by up to 6 before it divides by 6.
        numbers = np.where(np.abs(numbers) == LARGE, np.copysign(LARGE_IN_PRODUCTS, numbers), numbers)
    if any(node.op_type in ("Shrink", "Where") for node in nodes):
        # NaN shows through the branch of Where that is not selected; onnxruntime's Shrink turns it into 0.
        numbers = numbers[~np.isnan(numbers)]
    return numbers


def special_samples(shape: tuple[int, ...], numbers: Floats, seed: int) -> Floats:
    """One sample per number, with the number at a random position."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(len(numbers), *shape)).astype(np.float32)
    for sample, number in zip(x, numbers, strict=True):
        sample.reshape(-1)[random.integers(sample.size)] = number
    return x


def onnxruntime_of_each(model: onnx.ModelProto, samples: Floats) -> Floats:
    """Run the samples one by one, so that special numbers of one cannot affect another."""
    with np.errstate(all="ignore"):
        return np.concatenate([onnxruntime_run(model, x[None], blocks=False) for x in samples])

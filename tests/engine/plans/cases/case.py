"""The type of an operator's test case, and helpers to write one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import helper

from tests.engine.plans.running import Constants

Options = Mapping[str, Any]

Case = tuple[list[Any], tuple[int, ...], Constants, int]
"""Nodes, shape of one sample, constants, opset."""


def node(kind: str, *inputs: str, output: str = "output", **attributes: Any) -> Any:
    return helper.make_node(kind, ["input", *inputs], [output], **attributes)


def floats(*shape: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)

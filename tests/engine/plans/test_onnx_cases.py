"""The ONNX project's own test cases of the operators that plans support.

A plan has one input: the first input of a case, while the others become constants.
"""

import warnings
from ctypes import CDLL
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

from tests.engine.plans.running import engine_run
from torch2web.plan import PlanError
from torch2web.plan.import_onnx import SUPPORTED

Arrays = NDArray[Any]

KINDS = (SUPPORTED - {"Cast"}) | {"Constant"}
"""Of the hundreds of cases of Cast one is from float32 to float32."""

WINDOWED = frozenset({"AveragePool", "Conv", "ConvTranspose", "LpPool", "MaxPool"})

REFUSED = {
    **dict.fromkeys(
        [
            "node/test_pow",
            "node/test_pow_bcast_array",
            "node/test_pow_example",
            "node/test_pow_types_float32_int32",
            "node/test_pow_types_float32_int64",
            "node/test_pow_types_float32_uint32",
            "node/test_pow_types_float32_uint64",
            "pytorch-operator/test_operator_pow",
        ],
        "exponents, only one is supported",
    ),
    **dict.fromkeys(
        [
            f"node/test_resize_tf_crop_and_resize{rest}"
            for rest in ("", "_axes_2_3", "_axes_3_2", "_extrapolation_value")
        ],
        "tf_crop_and_resize is not supported",
    ),
    **dict.fromkeys(
        [
            f"node/test_resize_downsample_{given}_{mode}_antialias"
            for given in ("scales", "sizes")
            for mode in ("linear", "cubic")
        ],
        "antialias is not supported",
    ),
    **dict.fromkeys(
        [f"node/test_resize_downsample_scales_{mode}_align_corners" for mode in ("linear", "cubic")],
        "align_corners with a fraction of an element",
    ),
    "node/test_col2im_5d": "only 2 are supported",
    "node/test_shrink_hard": "only equal ones are supported",
    "node/test_reshape_allowzero_reordered": "may be dynamic",
    "node/test_slice_start_out_of_bounds": "the shape of y is not static",
    "node/test_training_dropout": "training mode is not supported",
    "node/test_training_dropout_default": "training mode is not supported",
    "node/test_training_dropout_zero_ratio": "training mode is not supported",
}
"""Cases of float32 without a plan, beside those that `refusal` tells by their form: a part of what is said.

All others have to pass, so that what is newly refused, or no longer, shows here.
"""

NO_ARRAYS = {"node/test_constant", "node/test_identity_sequence", "node/test_identity_opt"}
"""Without an input, or with sequences instead of arrays."""


def refusal(name: str, model: onnx.ModelProto, x: Arrays) -> str | None:
    """Expected part of the planning error; None: planning has to succeed."""
    if x.dtype != np.float32:
        return "expected float32"
    if len(model.graph.output) > 1:
        return "expected one of each"
    if not x.size:
        return "may be dynamic"
    if x.ndim == 5 and any(node.op_type in WINDOWED for node in model.graph.node):
        return "only 1 or 2 are supported"
    return REFUSED.get(name)


@cache
def cases() -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [
            case
            for kind in ("node", "simple", "pytorch-converted", "pytorch-operator")
            for case in load_model_tests(kind=kind)
        ]
    return {f"{case.kind}/{case.name}": case for case in found if _model(case) and _is_ours(_model(case))}


def _model(case: Any) -> onnx.ModelProto:
    model: onnx.ModelProto = case.model or onnx.load(Path(case.model_dir) / "model.onnx")
    return model


def _is_ours(model: onnx.ModelProto) -> bool:
    return {node.op_type for node in model.graph.node} <= KINDS and not any(
        n.domain for n in model.graph.node
    )


def _data(case: Any) -> list[tuple[list[Any], list[Any]]]:
    if case.data_sets:
        return list(case.data_sets)
    sets = []
    for folder in sorted(Path(case.model_dir).glob("test_data_set_*")):
        read = [
            [numpy_helper.to_array(onnx.load_tensor(path)) for path in sorted(folder.glob(f"{what}_*.pb"))]
            for what in ("input", "output")
        ]
        sets.append((read[0], read[1]))
    return sets


def _with_one_input(model: onnx.ModelProto, inputs: list[Any]) -> onnx.ModelProto:
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    known = {tensor.name for tensor in changed.graph.initializer}
    free = [entry for entry in changed.graph.input if entry.name not in known]
    for entry, value in list(zip(free, inputs, strict=True))[1:]:
        changed.graph.initializer.append(numpy_helper.from_array(value, entry.name))
        changed.graph.input.remove(entry)
    return changed


def test_cases(library: CDLL) -> None:
    """All in one test: there are hundreds, of a millisecond each."""
    problems: dict[str, str] = {}
    refused: set[str] = set()
    no_arrays: set[str] = set()
    passed = 0
    for name, case in cases().items():
        for inputs, outputs in _data(case):
            if not inputs or not all(
                isinstance(value, np.ndarray | np.generic) for value in (*inputs, *outputs)
            ):
                no_arrays.add(name)
                continue
            given = [np.asarray(value) for value in inputs]
            expected = refusal(name, _model(case), given[0])
            try:
                found = engine_run(library, _with_one_input(_model(case), given), given[0], batched=False)
                np.testing.assert_allclose(found, outputs[0], rtol=case.rtol, atol=max(case.atol, 1e-6))
                passed += 1
                if expected:
                    problems[name] = f"passed, and was to be refused: {expected}"
            except PlanError as error:
                refused.add(name)
                if not expected or expected not in str(error):
                    problems[name] = str(error)
            except Exception as error:  # noqa: BLE001 — collected, so that all are seen
                problems[name] = f"{type(error).__name__}: {error}"[:300]
    assert not problems, "\n".join(f"{name}: {problem}" for name, problem in problems.items())
    assert set(REFUSED) <= refused, "a case that is refused no longer, or that there is not"
    assert no_arrays == NO_ARRAYS
    print(f"{passed} passed, {len(refused)} refused")

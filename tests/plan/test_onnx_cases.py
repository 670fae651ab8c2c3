"""The ONNX project's own test cases of the operators that plans may have.

A plan has one input: of a case's inputs the first stays one and the others become constants.
"""

import warnings
from ctypes import CDLL
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

from converter.plan import PlanError
from tests.plan.running import engine_run

KINDS = frozenset(
    {
        "Add",
        "AveragePool",
        "BatchNormalization",
        "Clip",
        "Concat",
        "Constant",
        "Conv",
        "Div",
        "Dropout",
        "Flatten",
        "Gemm",
        "GlobalAveragePool",
        "HardSigmoid",
        "HardSwish",
        "Identity",
        "LeakyRelu",
        "MatMul",
        "Max",
        "MaxPool",
        "Min",
        "Mul",
        "Pad",
        "ReduceMean",
        "Relu",
        "Reshape",
        "Sigmoid",
        "Slice",
        "Softmax",
        "Squeeze",
        "Sub",
        "Sum",
        "Tanh",
        "Transpose",
        "Unsqueeze",
    }
)

REFUSED = {
    "three sides": "sides are not supported",
    "indices": "the indices of the maxima are not supported",
    "training": "in training mode",
    "padding": "mode ",
    "types": "not float32",
    "outputs": "expected one of each",
    "computed": "has to be a constant",
    "empty": "is not fixed",
    "free sides": "may be free",
    "outer": "a second output is not supported",
    "constant": "does not depend on the input",
    "negative": "negative padding",
}
"""What a plan may say that it cannot do, by any part of the message."""


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
    """All in one test: there are hundreds, of about a millisecond."""
    refused: dict[str, str] = {}
    wrong: dict[str, str] = {}
    passed = 0
    for name, case in cases().items():
        for inputs, outputs in _data(case):
            if not all(isinstance(value, np.ndarray) for value in (*inputs, *outputs)) or not inputs:
                continue
            try:
                model = _with_one_input(_model(case), inputs)
                found = engine_run(library, model, inputs[0], batched=False)
                np.testing.assert_allclose(found, outputs[0], rtol=case.rtol, atol=max(case.atol, 1e-6))
                passed += 1
            except PlanError as error:
                refused[name] = str(error)
            except Exception as error:  # noqa: BLE001 — collected, so that all are seen
                wrong[name] = f"{type(error).__name__}: {error}"[:300]
    assert not wrong, "\n".join(f"{name}: {problem}" for name, problem in wrong.items())
    unexpected = {n: p for n, p in refused.items() if not any(part in p for part in REFUSED.values())}
    assert not unexpected, "\n".join(f"{name}: {problem}" for name, problem in unexpected.items())
    assert passed >= 200
    print(f"{passed} passed, {len(refused)} refused")

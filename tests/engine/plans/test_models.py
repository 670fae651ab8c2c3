"""The three models in the native engine: PyTorch's logits with exact weights, onnxruntime's with others."""

from collections.abc import Sequence
from ctypes import CDLL
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.engine.native_engine import NativeEngine
from tests.engine.plans.running import Floats
from tests.engine.plans.test_stored_weights import stored_as
from tests.materials import MATERIALS, images
from tests.reference import reference_of
from torch2web.catalog import EXACT
from torch2web.catalog.load import ModelSpec
from torch2web.catalog.materials import ReferenceImage
from torch2web.images.golden import golden_input
from torch2web.plan import Plan, plan_model
from torch2web.sources.build_network import load_model
from torch2web.sources.export import export_onnx
from torch2web.variants.encodings import ENCODINGS, Tensors, applies, decode_all
from torch2web.variants.split import SplitModel, split_model
from torch2web.verification.onnx_session import create_session_with, run_session
from torch2web.verification.reference_run import ReferenceRun

MODELS = ("mobilenet_emotion", "landmark_cnn_emotion", "efficientnet_emotion")

Case = tuple[ModelSpec, ReferenceRun, SplitModel]


def case_of(spec: ModelSpec, folder: Path, pictures: Sequence[ReferenceImage]) -> Case:
    reference = reference_of(load_model(spec, None, MATERIALS), spec, pictures)
    path = folder / "model.onnx"
    export_onnx(load_model(spec, None, MATERIALS), spec, path)
    split = split_model(path)
    path.unlink()
    return spec, reference, split


@pytest.fixture(scope="module", params=MODELS)
def case(
    request: pytest.FixtureRequest, catalog: dict[str, ModelSpec], tmp_path_factory: pytest.TempPathFactory
) -> Case:
    return case_of(catalog[request.param], tmp_path_factory.mktemp("model"), images()[::5])


def logits(library: CDLL, plan: Plan, tensors: Tensors, inputs: Floats, threads: int) -> Floats:
    engine = NativeEngine(library, plan.content)
    engine.load(tensors, threads)
    return np.stack([engine.run(one, threads) for one in inputs])


def test_planned_to_the_same_bytes(case: Case) -> None:
    _, _, split = case
    plan = plan_model(onnx.load_from_string(split.graph))
    assert plan.content == plan_model(onnx.load_from_string(split.graph)).content
    assert "BINARY" not in plan.operators, "everything elementwise is part of something else"
    assert "ACTIVATE" not in plan.operators


@pytest.mark.parametrize("threads", [1, 2])
def test_exact_weights_give_what_pytorch_gives(library: CDLL, case: Case, threads: int) -> None:
    spec, reference, split = case
    plan = plan_model(onnx.load_from_string(split.graph))
    inputs = np.concatenate([reference.inputs, golden_input(reference.golden_seed, spec.preprocessing)])
    expected = np.concatenate([reference.logits[1], reference.golden_logits])
    found = logits(library, plan, stored_as(split, EXACT), inputs, threads)
    assert np.abs(found - expected).max() <= spec.tolerance.atol


@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != EXACT])
def test_rounded_weights_give_what_onnxruntime_gives(library: CDLL, case: Case, encoding: str) -> None:
    spec, reference, split = case
    if not applies(encoding, split.weights):
        pytest.skip("the model has no large matrix")
    tensors = stored_as(split, encoding)
    plan = plan_model(onnx.load_from_string(split.graph))
    expected = run_session(create_session_with(split.graph, decode_all(tensors)), reference.inputs[:3])
    found = logits(library, plan, tensors, reference.inputs[:3], 1)
    assert np.abs(found - expected).max() <= spec.tolerance.atol

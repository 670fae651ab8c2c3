"""Features: graphs with wrong features and variants that rotate them too far are refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from tests.networks import build
from tests.networks.files import entry_of
from tests.reference import reference_of
from tests.unit.variants.test_heatmap import split_of
from torch2web.catalog import spec_from
from torch2web.errors import FeaturesError
from torch2web.pipeline.conversion.features import FeaturesJudge
from torch2web.pipeline.conversion.second_graph import SecondGraph
from torch2web.store import Entry
from torch2web.variants import ENCODINGS, EXACT, SplitModel, Tensors, Variant
from torch2web.verification import neutral_images

NAME = "resnet_basic"


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> SplitModel:
    return split_of(build(NAME), tmp_path_factory.mktemp("features") / "model.onnx", size=(32, 32))


@pytest.fixture(scope="module")
def judge(split: SplitModel) -> FeaturesJudge:
    path = Path("resnet.pth")
    spec = spec_from(path, "", entry_of(NAME, "state_dict", path) | {"features": True})
    reference = reference_of(build(NAME), spec, neutral_images()[:4])
    judge = FeaturesJudge.of(spec, split, build(NAME), reference)
    assert judge is not None
    return judge


def variant(split: SplitModel, noise: float) -> Variant:
    """The weights with noise, relative to their standard deviation."""
    random = np.random.default_rng(0)
    tensors: Tensors = {}
    for weight in split.weights:
        shift = random.standard_normal(weight.values.shape) * noise * weight.values.std()
        tensors |= ENCODINGS[EXACT](replace(weight, values=(weight.values + shift).astype(np.float32)))
    return Variant("int8", save(tensors), {}, {}, {}, {})


def test_variant_that_rotates_the_features_is_refused(judge: FeaturesJudge, split: SplitModel) -> None:
    assert judge.why_refused(variant(split, 1e-4)) == ""
    reason = judge.why_refused(variant(split, 0.3))
    assert reason.startswith("of the features, cosine similarity 0.")
    assert reason.endswith("expected at least 0.999")
    assert judge.why_refused(replace(variant(split, 0.3), name=EXACT)) == ""


def test_graph_with_other_features_is_refused(judge: FeaturesJudge, tmp_path: Path) -> None:
    second = judge.second
    expected = second.expected.copy()
    expected[0, -1] += 0.1
    changed = replace(judge, second=SecondGraph(second.graph, second.split, second.inputs, expected))
    with pytest.raises(FeaturesError, match="relative difference from PyTorch"):
        changed.store(None, Entry(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert 0 < second.difference < 1e-5

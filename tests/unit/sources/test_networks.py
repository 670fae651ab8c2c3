"""Every network of the table, from every kind of source: the ONNX file computes what PyTorch computes."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from tests.conftest import ROOT
from tests.materials import MATERIALS
from tests.networks import NETWORKS, build
from tests.networks.files import KINDS, Kind, entry_of, write_file
from torch2web.catalog import ModelSpec, spec_from
from torch2web.errors import ExportError
from torch2web.plan import plan_model
from torch2web.sources import LoadedModel, load_source
from torch2web.variants import split_model

MAX_DIFFERENCE = 1e-5
"""Relative to the largest output."""

REFUSED = {("vit", "torchscript"): "PyTorch cannot express aten::"}
"""Its fused attention, once traced, is an operator that ONNX does not have."""

FIXED = ("vit_sdpa", "vgg", "swin", "shufflenet", "inception", "high_resolution", "decoder")
"""Networks that are exported for a fixed batch, too."""

OUTPUTS = {"inception": 0, "dict_output": "out"}


def spec_of(name: str, kind: Kind, path: Path, exporter: str = "torchscript") -> ModelSpec:
    return spec_from(path, "", entry_of(name, kind, path, exporter))


def inputs_of(name: str, images: int) -> NDArray[np.float32]:
    entry = NETWORKS[name]
    random = np.random.Generator(np.random.PCG64(3))
    return random.standard_normal((images, entry.channels, *entry.size), np.float32)


def outputs_of(name: str, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The network's own output, that of its classes: [batch, numbers]."""
    with torch.no_grad():
        found = build(name)(torch.from_numpy(inputs))
    if name in OUTPUTS:
        found = found[OUTPUTS[name]]
    values: NDArray[np.float32] = found.reshape(len(inputs), -1).numpy()
    return values


def difference(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """Largest difference, relative to the largest value."""
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def exported(loaded: LoadedModel, path: Path, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    loaded.export(path)
    session = onnxruntime.InferenceSession(path)
    found: NDArray[np.float32] = session.run(["output"], {"input": inputs})[0]
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_computes_what_pytorch_computes(name: str, kind: Kind, tmp_path: Path) -> None:
    path = write_file(name, kind, tmp_path)
    loaded = load_source(spec_of(name, kind, path), path, MATERIALS)
    if (name, kind) in REFUSED:
        with pytest.raises(ExportError, match=REFUSED[name, kind]) as caught:
            loaded.export(tmp_path / "model.onnx")
        assert len(str(caught.value)) < 500
        return
    inputs = inputs_of(name, 5)
    expected = outputs_of(name, inputs)
    assert np.abs(expected.std(axis=0)).max() > 0.05, "its outputs must depend on the image"
    assert difference(loaded.reference(inputs), expected) <= MAX_DIFFERENCE
    if kind == "state_dict":
        assert loaded.reference64 is not None
        double = loaded.reference64(inputs.astype(np.float64))
        assert double.dtype == np.float64
        assert 0 < difference(double, expected) <= MAX_DIFFERENCE
    found = exported(loaded, tmp_path / "model.onnx", inputs)
    assert difference(found, expected) <= MAX_DIFFERENCE
    alone = exported(loaded, tmp_path / "model.onnx", inputs[:1])
    assert difference(alone, expected[:1]) <= MAX_DIFFERENCE


@pytest.mark.parametrize("name", NETWORKS)
def test_torch_export_writes_what_pytorch_computes(name: str, tmp_path: Path) -> None:
    path = write_file(name, "state_dict", tmp_path)
    spec = spec_of(name, "state_dict", path, "torch.export")
    loaded = load_source(spec, path, MATERIALS)
    record = loaded.export(tmp_path / "model.onnx")
    assert (record.exporter, record.opset, record.notes) == ("torch.export", 17, ())
    inputs = inputs_of(name, 5)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    for batch in (inputs, inputs[:1]):
        found: NDArray[np.float32] = session.run(["output"], {"input": batch})[0]
        assert difference(found, outputs_of(name, batch)) <= MAX_DIFFERENCE
    content = (tmp_path / "model.onnx").read_bytes()
    assert str(ROOT).encode() not in content, "its metadata has paths of this machine"
    graph = split_model(tmp_path / "model.onnx").graph
    plan_model(onnx.load_from_string(graph))


@pytest.mark.parametrize("kind", ["exported_program", "onnx"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", FIXED)
def test_a_fixed_batch_is_freed(name: str, kind: Kind, batch: int, tmp_path: Path) -> None:
    path = write_file(name, kind, tmp_path, batch=batch)
    loaded = load_source(spec_of(name, kind, path), path, MATERIALS)
    inputs = inputs_of(name, 5)
    expected = outputs_of(name, inputs)
    assert difference(loaded.reference(inputs), expected) <= MAX_DIFFERENCE
    found = exported(loaded, tmp_path / "model.onnx", inputs)
    assert difference(found, expected) <= MAX_DIFFERENCE


@pytest.mark.parametrize("name", NETWORKS)
def test_loading_changes_no_random_state(name: str, tmp_path: Path) -> None:
    path = write_file(name, "state_dict", tmp_path)
    torch.manual_seed(4)
    expected = torch.rand(1)
    torch.manual_seed(4)
    loaded = load_source(spec_of(name, "state_dict", path), path, MATERIALS)
    assert torch.equal(torch.rand(1), expected)
    assert loaded.network is not None
    assert not any(parameter.requires_grad for parameter in loaded.network.parameters())
    assert not any(module.training for module in loaded.network.modules())

"""Files whose height and width are free take those of the catalogue, and are planned with them."""

import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from tests.materials import MATERIALS
from tests.networks import build
from tests.networks.files import entry_of
from torch2web.catalog import spec_from
from torch2web.plan import plan_model
from torch2web.sources import load_source
from torch2web.variants import split_model

NAME = "high_resolution"
"""Resizes a map to the size of another."""

FREE = {"onnx": (0, 2, 3), "onnx, one image": (2, 3), "exported_program": (0, 2, 3)}


def write(case: str, folder: Path) -> Path:
    network = build(NAME)
    example = torch.zeros(1 if case == "onnx, one image" else 2, 3, 48, 64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if case == "exported_program":
            sizes = {2: torch.export.Dim("half_height") * 4, 3: torch.export.Dim("half_width") * 4}
            shapes = ({0: torch.export.Dim("batch"), **sizes},)
            program = torch.export.export(network, (example,), dynamic_shapes=shapes)
            torch.export.save(program, folder / "model.pt2")
            return folder / "model.pt2"
        axes = {"pixels": {axis: f"size {axis}" for axis in FREE[case]}}
        path = folder / "given.onnx"
        torch.onnx.export(
            network,
            (example,),
            path,
            dynamo=False,
            opset_version=17,
            input_names=["pixels"],
            dynamic_axes=axes,
        )
    return path


@pytest.mark.parametrize("case", FREE)
def test_are_planned_for_the_size_of_the_catalogue(case: str, tmp_path: Path) -> None:
    path = write(case, tmp_path)
    loaded = load_source(spec_from(path, "", entry_of(NAME, "onnx", path)), path, MATERIALS)
    loaded.export(tmp_path / "model.onnx")
    plan = plan_model(onnx.load_from_string(split_model(tmp_path / "model.onnx").graph))
    assert plan.input_shape == (1, 3, 32, 32)
    x = np.random.default_rng(1).normal(size=(3, 3, 32, 32)).astype(np.float32)
    found = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"input": x})[0]
    with torch.no_grad():
        expected = build(NAME)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())

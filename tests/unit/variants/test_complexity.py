"""Parameters and multiply-adds of small graphs, whose counts are known."""

from pathlib import Path

import pytest
import torch
from torch import nn

from torch2web.variants import measure_complexity, split_model

CASES: dict[str, tuple[nn.Module, int, int]] = {
    "convolution": (nn.Conv2d(3, 8, 3, bias=False), 3 * 8 * 9, 8 * 6 * 6 * 3 * 9),
    "groups": (nn.Conv2d(3, 6, 3, groups=3), 6 * 9 + 6, 6 * 6 * 6 * 9),
    "transposed": (nn.ConvTranspose2d(3, 4, 2, stride=2, bias=False), 3 * 4 * 4, 8 * 8 * 3 * 4 * 4),
    "linear": (nn.Sequential(nn.Flatten(), nn.Linear(192, 5)), 192 * 5 + 5, 192 * 5),
    "matrix": (nn.Linear(8, 7, bias=False), 56, 3 * 8 * 8 * 7),
    "padded by computed sizes": (nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(3, 1, 3, bias=False)), 27, 64 * 27),
    "nothing to count": (nn.ReLU(), 0, 0),
}


@pytest.mark.filterwarnings("ignore:Constant folding:UserWarning")
@pytest.mark.filterwarnings("ignore:The feature will be removed:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:You are using the legacy:DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_counts(name: str, tmp_path: Path) -> None:
    network, parameters, macs = CASES[name]
    path = tmp_path / "model.onnx"
    torch.onnx.export(
        network.eval(),
        (torch.zeros(1, 3, 8, 8),),
        str(path),
        dynamo=False,
        opset_version=12,
        input_names=["input"],
        dynamic_axes={"input": {0: "batch"}},
    )
    found = measure_complexity(split_model(path), (3, 8, 8))
    assert (found.parameters, found.macs, found.uncounted) == (parameters, macs, ())

"""Every valid layout of one network's checkpoint gives the network's weights."""

from pathlib import Path

import pytest
import torch

from tests.unit.sources.checkpoint_shapes import SHAPES, Net, other, trained
from torch2web.sources.checkpoint import choose_state, read_checkpoint

PRECISION = {"half": 1e-3, "half with its counters": 1e-3, "bfloat16": 1e-2}
PRECISION["safetensors in half precision with metadata"] = 1e-3


@pytest.mark.parametrize("shape", SHAPES)
def test_shape_is_read(tmp_path: Path, shape: str) -> None:
    name, write = SHAPES[shape]
    state = trained()
    write(state, tmp_path / name)
    with torch.device("meta"):
        net = Net()
    chosen = choose_state(read_checkpoint(tmp_path / name), net.state_dict(), "tiny")
    net.load_state_dict(chosen.state, strict=True, assign=True)
    for key, value in net.state_dict().items():
        assert value.dtype == state[key].dtype
        if not key.endswith("num_batches_tracked"):
            torch.testing.assert_close(value, state[key], atol=0, rtol=PRECISION.get(shape, 0.0))
    net(torch.zeros(1, 3, 8, 8)).sum().backward()


def test_the_table_is_complete() -> None:
    assert len(SHAPES) >= 58
    assert not torch.equal(other(trained())["classifier.1.bias"], trained()["classifier.1.bias"])

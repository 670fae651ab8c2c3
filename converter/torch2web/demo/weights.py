"""The demo weights: what a build uses when it was given no checkpoint.

They are stored as float16 safetensors beside this file. The one tensor that would not fit into a
repository, the weights of LandmarkCNN's first linear layer, is drawn anew from a seed: a fixed
random projection behind trained convolutions.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = Path(__file__).parent

DRAWN = {"landmark_cnn": {"fc1.weight": (512, 128 * 28 * 28)}}
"""Per architecture, tensors that are drawn from a seed and not stored, with their shapes."""

_SEED = 20_260_901


def weights_file(architecture: str) -> Path:
    """Path of the stored weights of `architecture`; the file may not exist."""
    return FOLDER / f"{architecture}.safetensors"


def random_projection(outputs: int, inputs: int) -> NDArray[np.float32]:
    """Draw a linear layer's weights [outputs, inputs], uniform over ±1/sqrt(inputs), float32.

    The same on every machine: 16-bit integers from the raw stream of NumPy's Philox generator, which
    NumPy keeps stable across versions, times one float32. Only a multiple of four of them can be drawn.
    """
    raw = np.random.Philox(key=_SEED).random_raw(outputs * inputs // 4)
    steps = raw.astype("<u8", copy=False).view("<i2").reshape(outputs, inputs)
    projection = steps.astype(np.float32)
    projection *= np.float32(1 / np.sqrt(inputs) / 2**15)
    return projection


def load_demo_state(architecture: str) -> "dict[str, Tensor]":
    """The whole state dict of `architecture`'s demo weights, float32."""
    import torch
    from safetensors.torch import load_file

    stored = load_file(weights_file(architecture))
    state = {key: value.float() if value.is_floating_point() else value for key, value in stored.items()}
    for key, shape in DRAWN.get(architecture, {}).items():
        state[key] = torch.from_numpy(random_projection(*shape))
    return state

"""Demo weights, used by builds without checkpoints.

Stored as float16 safetensors next to this file. LandmarkCNN's first linear layer, which would be too large
for the repository, is generated from a seed: a fixed random projection behind trained convolutions.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = Path(__file__).parent

DRAWN = {"landmark_cnn": {"fc1.weight": (512, 128 * 28 * 28)}}
"""Architecture → tensors generated from a seed instead of stored, with their shapes."""

_SEED = 20_260_901


def weights_file(architecture: str) -> Path:
    """Path of the stored weights of `architecture`, which may not exist."""
    return FOLDER / f"{architecture}.safetensors"


def random_projection(outputs: int, inputs: int) -> NDArray[np.float32]:
    """Generate weights [outputs, inputs] of a linear layer, uniform over ±1/sqrt(inputs), float32.

    Bit-identical on every platform: 16-bit integers from the raw stream of Philox, which NumPy keeps stable
    across versions, times a float32 factor. `outputs * inputs` must be a multiple of four.
    """
    raw = np.random.Philox(key=_SEED).random_raw(outputs * inputs // 4)
    steps = raw.astype("<u8", copy=False).view("<i2").reshape(outputs, inputs)
    projection = steps.astype(np.float32)
    projection *= np.float32(1 / np.sqrt(inputs) / 2**15)
    return projection


def load_demo_state(architecture: str) -> "dict[str, Tensor]":
    """Load the complete state dict of the demo weights of `architecture`, float32."""
    import torch
    from safetensors.torch import load_file

    stored = load_file(weights_file(architecture))
    state = {key: value.float() if value.is_floating_point() else value for key, value in stored.items()}
    for key, shape in DRAWN.get(architecture, {}).items():
        state[key] = torch.from_numpy(random_projection(*shape))
    return state

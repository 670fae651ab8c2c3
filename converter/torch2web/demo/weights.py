"""Demo weights, used by builds without checkpoints.

Stored as float16 safetensors next to this file, compressed by xz. LandmarkCNN's first linear layer, which
would be too large for the repository, is generated from a seed: a fixed random projection behind trained
convolutions.
"""

import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from torch2web.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = Path(__file__).parent

DRAWN = {"landmark_cnn": {"fc1.weight": (512, 128 * 28 * 28)}}
"""Architecture → tensors generated from a seed instead of stored, with their shapes."""

_SEED = 20_260_901

_XZ = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 1, "pb": 1}]
"""Filters for values of two bytes, the upper of which are alike."""


def weights_file(architecture: str) -> Path:
    """Path of the stored weights of `architecture`, which may not exist."""
    return FOLDER / f"{architecture}.safetensors.xz"


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
    """Load the complete state dict of the demo weights of `architecture`, float32.

    Raises CheckpointError for a damaged file.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    path = weights_file(architecture)
    try:
        stored = load(lzma.decompress(path.read_bytes()))
    except (OSError, lzma.LZMAError, SafetensorError) as error:
        raise CheckpointError(
            path, f"the demo weights cannot be read: {error}", "Install torch2web again."
        ) from error
    state = {key: value.float() if value.is_floating_point() else value for key, value in stored.items()}
    for key, shape in DRAWN.get(architecture, {}).items():
        state[key] = torch.from_numpy(random_projection(*shape))
    return state


def save_demo_state(architecture: str, state: "Mapping[str, Tensor]") -> None:
    """Store `state` as the demo weights of `architecture`, but for what is generated."""
    from safetensors.torch import save

    stored = {
        key: value.half().contiguous() if value.is_floating_point() else value
        for key, value in state.items()
        if key not in DRAWN.get(architecture, {})
    }
    weights_file(architecture).write_bytes(lzma.compress(save(stored), filters=_XZ))

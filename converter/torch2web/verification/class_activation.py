"""Class activation maps in PyTorch: the last linear layer, applied before the global pooling."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from torch2web.verification.torch_calls import record_calls

if TYPE_CHECKING:
    from torch import Tensor

_POOLS = ("adaptive_avg_pool2d", "mean")

_TOLERANCE = 1e-4
"""Relative to the largest logit, between the means of the maps and the logits."""


def capture_class_activation(
    network: "Callable[[Tensor], Tensor]", inputs: NDArray[np.float32]
) -> NDArray[np.float64] | None:
    """Class activation maps of `inputs`, [images, classes, height, width], their bias included.

    Computed from the last global pooling and the last linear layer that `network` calls. None where it does
    not end in these two: the mean of each map has to be the logit of its class.
    """
    import torch

    with torch.inference_mode():
        logits, calls = record_calls(network, torch.from_numpy(inputs), (*_POOLS, "linear"))
        pooled = [call.args[0] for call in calls if call.name in _POOLS and call.args[0].ndim == 4]
        linear = [call for call in calls if call.name == "linear"]
        if not pooled or not linear:
            return None
        features, matrix, bias = pooled[-1], linear[-1].argument(1, "weight"), linear[-1].argument(2, "bias")
        if features.shape[1] != matrix.shape[1]:
            return None
        maps = torch.einsum("bkyx,ck->bcyx", features.double(), matrix.double())
        if bias is not None:
            maps += bias.double()[:, None, None]
        found: NDArray[np.float64] = maps.numpy()
        if found.shape[:2] != tuple(logits.shape) or found[0, 0].size == 1:
            return None
        scale = max(1.0, float(logits.abs().max()))
        difference = np.abs(found.mean(axis=(2, 3)) - logits.numpy()).max()
        return found if difference <= _TOLERANCE * scale else None

"""Class activation maps in PyTorch: the last linear layer, applied before the global pooling."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

_POOLS = ("adaptive_avg_pool2d", "mean")

_TOLERANCE = 1e-4
"""Relative to the largest logit, between the means of the maps and the logits."""


def capture_class_activation(
    network: "Callable[[Tensor], Tensor]", inputs: NDArray[np.float32]
) -> NDArray[np.float64] | None:
    """Class activation maps of `inputs`, [images, classes, height, width], their bias included.

    Recorded from the calls of PyTorch that `network` makes. None where it does not end in global average
    pooling and one linear layer: the mean of each map has to be the logit of its class.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    class Recorder(TorchFunctionMode):
        """Keeps the arguments of the last global pooling and of the last linear layer."""

        pooled: "Tensor | None" = None
        matrix: "Tensor | None" = None
        bias: "Tensor | None" = None

        def __torch_function__(
            self,
            function: Callable[..., Any],
            types: Sequence[type],
            args: Sequence[Any] = (),
            kwargs: Mapping[str, Any] | None = None,
        ) -> Any:
            named = kwargs or {}
            name = getattr(function, "__name__", "")
            if name in _POOLS and args and getattr(args[0], "ndim", 0) == 4:
                self.pooled = args[0]
            if name == "linear":
                given = [*args, *(named[key] for key in ("weight", "bias") if key in named)]
                self.matrix, self.bias = given[1], given[2] if len(given) > 2 else None
            return function(*args, **named)

    with torch.inference_mode():
        with Recorder() as recorder:
            logits = network(torch.from_numpy(inputs))
        pooled, matrix, bias = recorder.pooled, recorder.matrix, recorder.bias
        if pooled is None or matrix is None or pooled.shape[1] != matrix.shape[1]:
            return None
        maps = torch.einsum("bkyx,ck->bcyx", pooled.double(), matrix.double())
        if bias is not None:
            maps += bias.double()[:, None, None]
        found: NDArray[np.float64] = maps.numpy()
        scale = max(1.0, float(logits.abs().max()))
        if found.shape[:2] != tuple(logits.shape) or found[0, 0].size == 1:
            return None
        difference = np.abs(found.mean(axis=(2, 3)) - logits.numpy()).max()
        return found if difference <= _TOLERANCE * scale else None

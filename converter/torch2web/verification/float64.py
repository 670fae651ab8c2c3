"""PyTorch in float64: the truth that float32 results are judged by."""

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    pass

Run64 = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""[batch, channels, height, width] → [batch, outputs]"""

MAX_PARAMETERS = 200_000_000
"""Of a larger network, no float64 copy is made: it would take gigabytes."""


class NoFloat64Error(Exception):
    """Why a network cannot compute in float64."""


def float64_of(model: object) -> Run64:
    """A copy of `model` that computes in float64. Raises NoFloat64Error, as the returned function does."""
    import torch  # takes seconds; builds with cached conversions do not need it

    if not isinstance(model, torch.nn.Module):
        raise NoFloat64Error("it is no torch.nn.Module")
    size = sum(parameter.numel() for parameter in model.parameters())
    if size > MAX_PARAMETERS:
        raise NoFloat64Error(f"it has {size:,} parameters, more than {MAX_PARAMETERS:,}")
    try:
        double = copy.deepcopy(model).double()
    except Exception as error:  # whatever the network's own code raises
        raise NoFloat64Error(f"it cannot be copied: {error}") from error

    def run(inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        try:
            with torch.inference_mode():
                output = double(torch.from_numpy(inputs))
        except Exception as error:  # as above, mostly of a tensor that is float32 whatever happens
            raise NoFloat64Error(f"it fails in float64: {error}") from error
        if not isinstance(output, torch.Tensor) or output.dtype != torch.float64:
            raise NoFloat64Error(
                f"its output in float64 is {getattr(output, 'dtype', type(output).__name__)}"
            )
        values: NDArray[np.float64] = output.numpy()
        return values

    return run

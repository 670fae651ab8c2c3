"""Batch normalisation whose export has the same bytes on every processor."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

_LARGEST_EPS = 0.5
"""Up to which 1 - eps + eps is 1 in float32."""


@contextmanager
def unit_variances(model: nn.Module) -> Iterator[None]:
    """While the block runs, batch normalisation in `model` divides by 1, and its weights have been divided.

    PyTorch's older exporter folds it into the convolution before it: weight · γ / √(variance + eps). It takes
    the root from MKL, whose last bit differs between processors. NumPy's is rounded as IEEE 754 says. Modules
    in TorchScript, and those whose weight is computed, stay as they are.
    """
    changed: list[tuple[_BatchNorm, dict[str, nn.Parameter | None], dict[str, torch.Tensor | None]]] = []
    try:
        for module in model.modules():
            if isinstance(module, _BatchNorm) and _can_be_changed(module):
                changed.append((module, dict(module._parameters), dict(module._buffers)))
                _divide(module)
        yield
    finally:
        for module, parameters, buffers in changed:
            module._parameters.update(parameters)
            module._buffers.update(buffers)


def _can_be_changed(module: _BatchNorm) -> bool:
    variance = module._buffers.get("running_var")
    if variance is None or "weight" not in module._parameters or "bias" not in module._parameters:
        return False
    tensors = (variance, module.weight, module.bias)
    return all(x is None or x.dtype == torch.float32 for x in tensors) and module.eps < _LARGEST_EPS


def _divide(module: _BatchNorm) -> None:
    """Give `module` tensors of its own: another one may share its weight."""
    variance = module.running_var
    assert variance is not None
    eps = np.float32(module.eps)
    # Typed as a Parameter, but None without `affine`, where the exporter folds as if it were ones.
    given: nn.Parameter | None = module.weight
    weight = np.ones(len(variance), np.float32) if given is None else given.detach().numpy()
    divided = torch.from_numpy(weight / np.sqrt(variance.detach().numpy() + eps))
    module._parameters["weight"] = nn.Parameter(divided, requires_grad=False)
    if module._parameters["bias"] is None:
        module._parameters["bias"] = nn.Parameter(torch.zeros_like(divided), requires_grad=False)
    module._buffers["running_var"] = torch.full_like(variance, float(np.float32(1) - eps))

"""Outputs of an inner layer in PyTorch, as vectors."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from torch2web.verification.torch_calls import record_calls

if TYPE_CHECKING:
    from torch import Tensor, nn


def capture_features(
    network: "nn.Module", inputs: NDArray[np.float32], layer: str
) -> NDArray[np.float64] | None:
    """Outputs of the module `layer` of `network`, [images, features]; a feature map as means of its channels.

    An empty `layer` stands for the input of the last linear layer. None where there is no such module, or
    where its output is neither a vector nor a feature map.
    """
    import torch

    with torch.inference_mode():
        images = torch.from_numpy(inputs)
        output = _output_of(network, images, layer) if layer else _last_linear_input(network, images)
        if not isinstance(output, torch.Tensor):
            return None
        values = output.double()
        vectors: NDArray[np.float64] = (values.mean(dim=(2, 3)) if values.ndim == 4 else values).numpy()
    return vectors if vectors.ndim == 2 else None


def _last_linear_input(network: "nn.Module", images: "Tensor") -> object:
    _, calls = record_calls(network, images, ("linear",))
    return calls[-1].args[0] if calls else None


def _output_of(network: "nn.Module", images: "Tensor", layer: str) -> object:
    import torch

    names = dict(network.named_modules())
    name = next((name for name in names if name == layer or name.endswith(f".{layer}")), None)
    if name is None:
        return None
    found: list[object] = []

    def keep(_module: "nn.Module", _inputs: object, output: object) -> None:
        # A copy: a layer after it may write into its output.
        found.append(output.clone() if isinstance(output, torch.Tensor) else output)

    handle = names[name].register_forward_hook(keep)
    try:
        network(images)
    finally:
        handle.remove()
    return found[-1] if found else None

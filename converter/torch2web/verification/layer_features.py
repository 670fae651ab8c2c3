"""Outputs of an inner layer in PyTorch, as vectors."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn


def capture_features(
    network: "nn.Module", inputs: NDArray[np.float32], layer: str
) -> NDArray[np.float64] | None:
    """Outputs of the module `layer` of `network`, [images, features]; a feature map as means of its channels.

    An empty `layer` stands for the input of the last linear layer. None where there is no such module.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    found: list[Tensor] = []

    class Recorder(TorchFunctionMode):
        """Keeps the inputs of linear layers."""

        def __torch_function__(
            self,
            function: Callable[..., Any],
            types: Sequence[type],
            args: Sequence[Any] = (),
            kwargs: Mapping[str, Any] | None = None,
        ) -> Any:
            if getattr(function, "__name__", "") == "linear":
                found.append(args[0])
            return function(*args, **(kwargs or {}))

    with torch.inference_mode():
        if layer:
            modules = [
                module
                for name, module in network.named_modules()
                if name == layer or name.endswith(f".{layer}")
            ]
            if not modules:
                return None
            # A copy: a layer after it may write into its output.
            handle = modules[0].register_forward_hook(lambda *call: found.append(torch.clone(call[2])))
            try:
                network(torch.from_numpy(inputs))
            except TypeError:  # it returns no tensor
                return None
            finally:
                handle.remove()
        else:
            with Recorder():
                network(torch.from_numpy(inputs))
        if not found or not isinstance(found[-1], torch.Tensor):
            return None
        values = found[-1].double()
        vectors: NDArray[np.float64] = (values.mean(dim=(2, 3)) if values.ndim == 4 else values).numpy()
    return vectors if vectors.ndim == 2 else None

"""Records the calls of PyTorch that a network makes while it runs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TorchCall:
    """A call of the function `name`."""

    name: str
    args: tuple[Any, ...]
    named: Mapping[str, Any]

    def argument(self, index: int, name: str) -> Any:
        """An argument that was given by position or by name; None if absent."""
        return self.args[index] if index < len(self.args) else self.named.get(name)


def record_calls(
    network: "Callable[[Tensor], Tensor]", inputs: "Tensor", names: Collection[str]
) -> "tuple[Tensor, list[TorchCall]]":
    """The output of `network`, and its calls of the functions `names`, in order."""
    from torch.overrides import TorchFunctionMode

    calls: list[TorchCall] = []

    class Recorder(TorchFunctionMode):
        def __torch_function__(
            self,
            function: Callable[..., Any],
            types: Sequence[type],
            args: Sequence[Any] = (),
            kwargs: Mapping[str, Any] | None = None,
        ) -> Any:
            if (name := getattr(function, "__name__", "")) in names:
                calls.append(TorchCall(name, tuple(args), kwargs or {}))
            return function(*args, **(kwargs or {}))

    with Recorder():
        output = network(inputs)
    return output, calls

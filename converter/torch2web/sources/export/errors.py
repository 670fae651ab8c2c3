"""Explains in one sentence why an exporter of PyTorch failed: it names the operator and the module."""

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from torch2web.sources.outputs import module_of
from torch2web.sources.user_code import described

_LIMIT = 300
_OPERATOR = re.compile(r"(?:aten|prim|prims|torchvision|onnx)(?:::|\.)(\w+)")
_OPSET = re.compile(r"opset version (\d+)", re.IGNORECASE)


def explained(error: BaseException, network: nn.Module, example: Tensor) -> str:
    """The problem in a sentence, which names the operator and the module that calls it."""
    text = _text_of(error)
    found = _OPERATOR.search(text)
    if found is None:
        where = module_of(network, error)
        return f"PyTorch cannot express it in ONNX: {described(error)}" + (
            f" (module {where})" if where else ""
        )
    operator = found[1]
    where = _module_that_calls(operator, network, example)
    place = f" (module {where})" if where else ""
    if "is not supported" in text and (opset := _OPSET.search(text)):
        return f"PyTorch cannot express aten::{operator} in ONNX opset {opset[1]}{place}"
    return f"PyTorch cannot express aten::{operator} in ONNX{place}: {_sentence(text)}"


def _text_of(error: BaseException) -> str:
    """Messages of the error and of its causes, the innermost last, without dumps of graphs."""
    texts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(texts) < 8:
        texts.append(str(current)[:20_000])
        current = current.__cause__
    return "\n".join(texts)


def _sentence(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = re.split(r"(?<=[.!])\s", line, maxsplit=1)[0]
    return line if len(line) <= _LIMIT else line[:_LIMIT] + " …"


def _module_that_calls(operator: str, network: nn.Module, example: Tensor) -> str:
    """Dotted name and class of the first module that calls `operator`; else ""."""
    stack: list[str] = []
    found: list[str] = []

    def record(name: str) -> None:
        if not found and stack and name.strip("_") == operator.strip("_"):
            found.append(stack[-1])

    class Functions(TorchFunctionMode):
        def __torch_function__(
            self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            record(getattr(func, "__name__", ""))
            return func(*args, **(kwargs or {}))

    class Operators(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            record(func.name().partition("::")[2].partition(".")[0])
            return func(*args, **(kwargs or {}))

    def enter(name: str) -> Callable[..., None]:
        return lambda *_: stack.append(name)

    def leave(*_: object) -> None:
        stack.pop()

    handles = []
    for name, module in network.named_modules():
        if name and not isinstance(module, torch.jit.ScriptModule):  # which takes no hooks
            handles.append(module.register_forward_pre_hook(enter(f"{name}, {type(module).__name__}")))
            handles.append(module.register_forward_hook(leave))
    try:
        with torch.no_grad(), Functions(), Operators():  # type: ignore[no-untyped-call]
            network(example)
    except Exception:  # noqa: BLE001 (any: what was found before it counts)
        return found[0] if found else ""
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else ""

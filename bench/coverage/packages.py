"""Imports torchvision and timm, where they are installed, and builds their networks with seeded weights.

Neither belongs to what the project installs:

    pip install --no-deps timm torchvision==VERSION     # that goes with the installed torch
"""

import contextlib
import io
import os
import warnings
from typing import Any

import torch
from torch import nn

from bench.coverage.families import TIMM, TORCHVISION

CLASSES = 10

_MISSING_OPERATORS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    **dict.fromkeys(("roi_align", "deform_conv2d"), "(Tensor input) -> Tensor"),
    **dict.fromkeys(("roi_pool", "ps_roi_align", "ps_roi_pool"), "(Tensor input) -> (Tensor, Tensor)"),
    **{
        f"_{name}_backward": "(Tensor grad) -> Tensor"
        for name in ("roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d")
    },
}
"""Operators of torchvision's library that its import registers functions for. No classifier calls one."""

_libraries: list[torch.library.Library] = []
"""Operators are defined as long as their library is referred to."""


def installed() -> tuple[dict[str, Any], dict[str, str]]:
    """The packages by name, and why others cannot be imported."""
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    _define_missing_operators()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    for name in ("torchvision", "timm"):
        nowhere = io.StringIO()
        try:
            with warnings.catch_warnings(), contextlib.redirect_stdout(nowhere):
                warnings.simplefilter("ignore")
                found[name] = __import__("torchvision.models" if name == "torchvision" else name)
        except (ImportError, RuntimeError, AttributeError) as error:
            problems[name] = str(error).splitlines()[0]
    return found, problems


def _define_missing_operators() -> None:
    """A torchvision for another build of torch does not load its library, and cannot be imported without."""
    library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name, signature in _MISSING_OPERATORS.items():
        with contextlib.suppress(RuntimeError):  # it is there
            library.define(f"{name}{signature}")
    _libraries.append(library)


def names() -> list[str]:
    """Of all networks, as `package/function`."""
    return [*(f"torchvision/{name}" for name in TORCHVISION), *(f"timm/{name}" for name in TIMM)]


def build(packages: dict[str, Any], name: str, classes: int = CLASSES) -> tuple[nn.Module, tuple[int, int]]:
    """The network `package/function` with seeded weights, in eval mode, and the size of its images."""
    package, _, function = name.partition("/")
    torch.manual_seed(0)
    if package == "timm":
        network: nn.Module = packages["timm"].create_model(function, pretrained=False, num_classes=classes)
        _, height, width = getattr(network, "default_cfg", {}).get("input_size", (3, 224, 224))
    else:
        options = (
            {"aux_logits": False, "init_weights": True} if function in ("googlenet", "inception_v3") else {}
        )
        make = getattr(packages["torchvision"].models, function)
        network = make(weights=None, num_classes=classes, **options)
        height = width = 299 if function == "inception_v3" else 224
    _make_alive(network, (height, width))
    return network.eval(), (height, width)


@torch.no_grad()
def _make_alive(network: nn.Module, size: tuple[int, int]) -> None:
    """Give constant parameters other values, and BatchNormalization the statistics of random images.

    Freshly initialised networks have branches that are multiplied by 0 or 1e-6, which hide what they compute.
    """
    for parameter in network.parameters():
        if parameter.numel() > 1 and bool((parameter == parameter.flatten()[0]).all()):
            spread = 0.1 if parameter.flatten()[0].abs() > 0.1 else 0.3
            parameter.add_(torch.randn_like(parameter) * spread)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    network.eval()
    for layer in norms:
        layer.train()
        layer.momentum = 1.0
    if norms:
        network(torch.randn(2, 3, *size))
    for layer in norms:
        if layer.running_var is not None:
            layer.running_var.clamp_(min=1e-2)

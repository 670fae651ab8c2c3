"""The reference run of a PyTorch network, as in a build."""

from collections.abc import Sequence

from torch import nn

from torch2web.catalog import ModelSpec, ReferenceImage
from torch2web.sources import run_in_double, run_in_torch
from torch2web.verification import ReferenceRun, capture_reference


def reference_of(network: nn.Module, spec: ModelSpec, images: Sequence[ReferenceImage]) -> ReferenceRun:
    """Run in float32, and in float64 where `network` supports it."""
    return capture_reference(run_in_torch(network), spec, images, run_in_double(network, spec.input_shape))

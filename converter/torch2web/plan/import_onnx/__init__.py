"""From an ONNX graph to the intermediate representation."""

from torch2web.plan.import_onnx.batching import require_samples_apart
from torch2web.plan.import_onnx.build_ir import SUPPORTED, build_ir
from torch2web.plan.import_onnx.reader import trace

__all__ = [
    "SUPPORTED",
    "build_ir",
    "require_samples_apart",
    "trace",
]

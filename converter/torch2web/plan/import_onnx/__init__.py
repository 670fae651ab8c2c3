"""From an ONNX graph to the intermediate representation."""

from torch2web.plan.import_onnx.batching import require_axis_untouched, require_samples_apart
from torch2web.plan.import_onnx.build_ir import build_ir
from torch2web.plan.import_onnx.reader import trace

__all__ = [
    "build_ir",
    "require_axis_untouched",
    "require_samples_apart",
    "trace",
]

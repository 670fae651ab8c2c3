"""Model sources: loading a checkpoint and exporting it to ONNX."""

from torch2web.sources.build_network import load_model
from torch2web.sources.export import export_onnx

__all__ = [
    "export_onnx",
    "load_model",
]

"""From a checkpoint to a PyTorch model, and from the model to ONNX."""

from torch2web.sources.checkpoint import load_model
from torch2web.sources.export import export_onnx

__all__ = [
    "export_onnx",
    "load_model",
]

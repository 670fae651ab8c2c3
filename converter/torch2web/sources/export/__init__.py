"""Exports a PyTorch network to ONNX, by either of PyTorch's exporters."""

from torch2web.sources.export.choice import export_onnx, exporters_of

__all__ = ["export_onnx", "exporters_of"]

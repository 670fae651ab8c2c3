"""ONNX files as a source: read, checked, rewritten to a batch axis of any size, run."""

from torch2web.sources.onnx.batch import free_batch
from torch2web.sources.onnx.file import check_onnx, load_onnx, require_free_batch
from torch2web.sources.onnx.rewrite import drop_unread, tidy, with_signature

__all__ = [
    "check_onnx",
    "drop_unread",
    "free_batch",
    "load_onnx",
    "require_free_batch",
    "tidy",
    "with_signature",
]

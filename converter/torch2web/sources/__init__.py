"""Model sources: from a checkpoint or a file to a network that runs, and to its ONNX file."""

from torch2web.sources.factory import require_factory
from torch2web.sources.load import check_source, load_source
from torch2web.sources.loaded import Export, ExportRecord, LoadedModel, run_in_double, run_in_torch
from torch2web.sources.timm_package import import_timm

__all__ = [
    "Export",
    "ExportRecord",
    "LoadedModel",
    "check_source",
    "import_timm",
    "load_source",
    "require_factory",
    "run_in_double",
    "run_in_torch",
]

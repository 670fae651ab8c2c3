"""From the bytes of a picture to an answer: limits, preprocessing, batches, sessions of onnxruntime."""

from torch2web.server.inference.answers import answer_of
from torch2web.server.inference.batching import Computed
from torch2web.server.inference.engine import Engine, Prediction
from torch2web.server.inference.pictures import FORMATS, Picture, restrict_formats
from torch2web.server.inference.site_models import ServedModel, ServedSite, check_files, read_site

__all__ = [
    "FORMATS",
    "Computed",
    "Engine",
    "Picture",
    "Prediction",
    "ServedModel",
    "ServedSite",
    "answer_of",
    "check_files",
    "read_site",
    "restrict_formats",
]

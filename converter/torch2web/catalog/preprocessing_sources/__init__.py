"""Preprocessing from what others wrote down: torchvision transforms, timm configs, Hugging Face's processors.

Nothing of torchvision, timm and transformers is imported.
"""

from torch2web.catalog.preprocessing_sources.hugging_face import from_hugging_face
from torch2web.catalog.preprocessing_sources.likely import Likely, likely_normalisation, of_size
from torch2web.catalog.preprocessing_sources.timm import from_timm_config
from torch2web.catalog.preprocessing_sources.transforms import from_transforms

__all__ = [
    "Likely",
    "from_hugging_face",
    "from_timm_config",
    "from_transforms",
    "likely_normalisation",
    "of_size",
]

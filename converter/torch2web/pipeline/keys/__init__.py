"""Keys of cached conversions and drawings: the code, packages and inputs that they depend on."""

from torch2web.pipeline.keys.code_fingerprint import fingerprint
from torch2web.pipeline.keys.kept_drawings import kept_images, kept_samples

__all__ = ["fingerprint", "kept_images", "kept_samples"]

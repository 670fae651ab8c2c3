"""The catalogue: models, how each is built and verified, and the reference images."""

from torch2web.catalog.exact import EXACT
from torch2web.catalog.load import Gate, ModelSpec, load_catalog
from torch2web.catalog.materials import Materials, ReferenceImage, Sample

__all__ = ["EXACT", "Gate", "Materials", "ModelSpec", "ReferenceImage", "Sample", "load_catalog"]

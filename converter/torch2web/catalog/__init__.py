"""The catalogue: models, how each is built and verified, and the reference images."""

from torch2web.catalog.exact import EXACT
from torch2web.catalog.load import ModelSpec, load_catalog, spec_from
from torch2web.catalog.materials import Materials, ReferenceImage, Sample
from torch2web.catalog.source import Source
from torch2web.catalog.tolerance import Tolerance
from torch2web.tasks import Gate

__all__ = [
    "EXACT",
    "Gate",
    "Materials",
    "ModelSpec",
    "ReferenceImage",
    "Sample",
    "Source",
    "Tolerance",
    "load_catalog",
    "spec_from",
]

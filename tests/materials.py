"""The demo's reference images, drawn once."""

from functools import cache

from torch2web.catalog.default import default_materials
from torch2web.catalog.materials import ReferenceImage
from torch2web.verification.reference_images import reference_images

MATERIALS = default_materials()


@cache
def images() -> tuple[ReferenceImage, ...]:
    """The reference images on which a build verifies every model."""
    return reference_images(MATERIALS.reference_images())

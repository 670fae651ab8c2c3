"""The pictures of a report, drawn again: report.json has their names and the hashes of their pixels."""

from collections.abc import Mapping
from typing import Any

from torch2web.catalog import ReferenceImage
from torch2web.catalog.default import default_materials
from torch2web.site.report import pixels_sha256
from torch2web.verification import neutral_images, reference_images


def draw_again(data: Mapping[str, Any]) -> tuple[ReferenceImage, ...]:
    """The pictures of `data`, in its order; none where this version draws one of them otherwise."""
    wanted = data.get("pictures", {"names": [], "sha256": []})
    for drawn in (default_materials().reference_images, neutral_images):
        known = {image.name: image for image in reference_images(drawn())}
        images = tuple(known[name] for name in wanted["names"] if name in known)
        if [pixels_sha256(image.image) for image in images] == wanted["sha256"]:
            return images
    return ()

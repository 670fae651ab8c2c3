"""The pictures on which weights are rounded with error compensation, and those of the search for COMPACT."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import Materials, ModelSpec, ReferenceImage
from torch2web.images import preprocess
from torch2web.pipeline.own_pictures import OwnPictures
from torch2web.variants import Calibration, Search
from torch2web.verification import EXTREMES, calibration_images, search_images

_OF_EXTREMES = 0.5
"""Weight of extremes. Uniform pictures cause large inputs: with 1 they outweigh what models are about."""


def calibration_inputs(spec: ModelSpec, materials: Materials, pictures: OwnPictures) -> Calibration:
    """Preprocessed pictures [images, channels, height, width], none of which the reference run has.

    Own pictures beyond those of the reference run, and built-in ones: faces for a model with the labels of
    `materials`, else neutral ones. Raises OwnImagesError for a file that is no picture.
    """
    pictures.on_stage("rounding weights with error compensation")
    drawn = materials.calibration_images() if materials.fit([spec.labels]) else ()
    images, own = calibration_images(drawn), pictures.calibration_images()
    weights = [1.0] * (len(images) - EXTREMES) + [_OF_EXTREMES] * EXTREMES + [1.0] * len(own)
    return Calibration(_preprocessed(spec, (*images, *own)), weights)


def compact_search(spec: ModelSpec, materials: Materials, pictures: OwnPictures) -> Search:
    """The search on others of the same kinds. Its pictures raise OwnImagesError, as above."""
    stage = "searching the smallest weights (--effort fast skips it)"

    def inputs() -> NDArray[np.float32]:
        pictures.on_stage(stage)
        drawn = materials.search_images() if materials.fit([spec.labels]) else ()
        return _preprocessed(spec, (*search_images(drawn), *pictures.search_images()))

    return Search(inputs, lambda done, total: pictures.on_stage(stage, done, total))


def _preprocessed(spec: ModelSpec, images: Sequence[ReferenceImage]) -> NDArray[np.float32]:
    return np.stack([preprocess(image.image, spec.preprocessing) for image in images])

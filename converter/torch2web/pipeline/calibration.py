"""The pictures on which weights are rounded with error compensation."""

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import Materials, ModelSpec
from torch2web.images import preprocess
from torch2web.pipeline.own_pictures import OwnPictures
from torch2web.verification import calibration_images


def calibration_inputs(spec: ModelSpec, materials: Materials, pictures: OwnPictures) -> NDArray[np.float32]:
    """Preprocessed pictures [images, channels, height, width], none of which the reference run has.

    Own pictures beyond those of the reference run, and built-in ones: faces for a model with the labels of
    `materials`, else neutral ones. Raises OwnImagesError for a file that is no picture.
    """
    pictures.on_stage("rounding weights with error compensation")
    drawn = materials.calibration_images() if materials.fit([spec.labels]) else ()
    images = (*calibration_images(drawn), *pictures.calibration_images())
    return np.stack([preprocess(image.image, spec.preprocessing) for image in images])

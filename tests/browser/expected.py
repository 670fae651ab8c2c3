"""Python's answers for each image: Pillow's pixels, onnxruntime's logits."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import skimage
from numpy.typing import NDArray

from tests.browser.sites import manifest_of, session_of
from tests.materials import images
from torch2web.catalog import EXACT
from torch2web.images.preprocessing import Preprocessing, open_rgb, preprocess
from torch2web.verification.onnx_session import create_session, run_session

PHOTOGRAPHS = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "hubble_deep_field.jpg")
"""From scikit-image's own wheel, each with a known licence."""


def write_reference_pictures(folder: Path) -> dict[str, Path]:
    """Write the reference images as PNG, and photographs unchanged; paths by file name."""
    pictures = {}
    for image in images():
        path = folder / f"{image.name}.png"
        image.image.save(path)
        pictures[path.name] = path
    return pictures | photograph_files()


def photograph_files() -> dict[str, Path]:
    """Paths of the photographs in scikit-image's package, by file name."""
    samples = Path(skimage.__file__).parent / "data"
    return {name: samples / name for name in PHOTOGRAPHS}


@dataclass(frozen=True)
class Answer:
    """The answer of one model for one image."""

    tensor_sha256: str
    """Of the float32 tensor's bytes: equal hashes are equal bits."""
    logits: NDArray[np.float32]
    label: str


class Expected:
    """Python's answers for the models of a site."""

    def __init__(self, site: Path, pictures: dict[str, Path]) -> None:
        self._site, self._pictures = site, pictures
        self._answers: dict[tuple[str, str], dict[str, Answer]] = {}

    @cached_property
    def manifest(self) -> dict[str, dict[str, Any]]:
        return {model["name"]: model for model in manifest_of(self._site)["models"]}

    def answers(self, name: str, variant: str = "") -> dict[str, Answer]:
        """One model's answers by image; of the default variant unless one is named.

        Those of the exact variant are of the whole ONNX file, which shares no file with what the page loads.
        """
        if (name, variant) not in self._answers:
            self._answers[name, variant] = self._compute(self.manifest[name], variant)
        return self._answers[name, variant]

    def _compute(self, model: dict[str, Any], variant: str) -> dict[str, Answer]:
        if variant == EXACT:
            session = create_session(self._site / model["plain"]["path"])
        else:
            session = session_of(self._site, model["name"], variant)
        spec = Preprocessing.from_dict(model["preprocessing"])
        labels = model["labels"]
        answers = {}
        for name, path in self._pictures.items():
            tensor = preprocess(open_rgb(path), spec)
            logits = run_session(session, tensor[None])[0]
            digest = hashlib.sha256(tensor.tobytes()).hexdigest()
            answers[name] = Answer(digest, logits, labels[int(logits.argmax())])
        return answers

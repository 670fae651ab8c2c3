"""Reference images and samples that are drawn, kept between builds: drawing them takes half a second."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

from PIL import Image

from torch2web.catalog import Materials, ReferenceImage, Sample
from torch2web.pipeline.keys.code_fingerprint import drawing_fingerprint
from torch2web.store import cached_files
from torch2web.verification import neutral_images, reference_images

_NAMES = "names.json"
_FOLDER = "drawn"


def kept_images(cache: Path, materials: Materials, *, faces: bool) -> tuple[ReferenceImage, ...]:
    """The reference images of models: drawn faces or neutral pictures, and extremes."""

    def draw(folder: Path) -> None:
        images = reference_images(materials.reference_images() if faces else neutral_images())
        for image in images:
            (folder / f"{image.name}.png").write_bytes(image.as_png())
        (folder / _NAMES).write_text(json.dumps([image.name for image in images]))

    kind = "faces" if faces else "neutral"
    files = cached_files(cache / _FOLDER, kind, drawing_fingerprint(cache), draw)
    # Opened and not decoded: a build with kept conversions needs the files alone.
    return tuple(
        ReferenceImage(name, Image.open(BytesIO(files[f"{name}.png"])), files[f"{name}.png"])
        for name in json.loads(files[_NAMES])
    )


def kept_samples(cache: Path, materials: Materials, labels: Iterable[tuple[str, ...]]) -> tuple[Sample, ...]:
    """The sample images of `materials`, if the labels of every model are theirs."""

    def draw(folder: Path) -> None:
        samples = materials.samples()
        for sample in samples:
            (folder / sample.file_name).write_bytes(sample.content)
        listed = [{**asdict(sample), "content": None} for sample in samples]
        (folder / _NAMES).write_text(json.dumps(listed))

    if not materials.fit(labels):
        return ()
    files = cached_files(cache / _FOLDER, "samples", drawing_fingerprint(cache), draw)
    return tuple(
        Sample(**{**entry, "content": files[entry["file_name"]]}) for entry in json.loads(files[_NAMES])
    )

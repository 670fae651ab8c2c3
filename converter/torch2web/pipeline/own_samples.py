"""Pictures of a user's own folder that visitors may try, copied into the site as they are."""

from collections.abc import Collection, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from torch2web.catalog import Sample, Samples
from torch2web.errors import InputError, OwnImagesError
from torch2web.verification import OwnImages

_ENDING_OF_FORMAT = {
    "AVIF": ".avif",
    "BMP": ".bmp",
    "GIF": ".gif",
    "JPEG": ".jpg",
    "MPO": ".jpg",  # JPEG with more pictures behind the first
    "PNG": ".png",
    "WEBP": ".webp",
}
"""Formats that every browser shows, by Pillow's names."""


def own_samples(images: OwnImages | None, asked: Samples, labels: Collection[str]) -> tuple[Sample, ...]:
    """The pictures of `images` that are asked for, as they are, under names that say nothing of the files.

    `labels` are those of all models: a picture in a subfolder of that name is an example of it. Raises
    InputError without pictures, OwnImagesError for a picture that is not there or that browsers do not show.
    """
    if images is None:
        raise InputError("--samples takes pictures of your own, and there are none; add --images DIR")
    wanted = _spread(images, asked) if isinstance(asked, int) else _named(images, asked)
    found = []
    for number, file in enumerate(wanted, 1):
        content = (images.folder / file).read_bytes()
        label = file.parts[0] if len(file.parts) > 1 and file.parts[0] in labels else ""
        found.append(Sample(f"sample-{number}{_ending(content)}", label, content))
    return tuple(found)


def _spread(images: OwnImages, most: int) -> Sequence[Path]:
    shown = [file for file in images.files if _ending((images.folder / file).read_bytes())]
    if not shown:
        listed = ", ".join(sorted(set(_ENDING_OF_FORMAT.values())))
        raise OwnImagesError(images.folder, f"--samples: found no picture that browsers show ({listed})")
    return images.spread(shown, most)


def _named(images: OwnImages, names: Sequence[str]) -> Sequence[Path]:
    files = [Path(name) for name in names]
    for file in files:
        if file not in images.files:
            some = ", ".join(known.as_posix() for known in images.files[:3])
            raise OwnImagesError(
                images.folder, f"--samples: found no picture {str(file)!r} in it, expected some of {some}, …"
            )
        if not _ending((images.folder / file).read_bytes()):
            raise OwnImagesError(
                images.folder / file, "--samples: browsers do not show it; save it as JPEG or PNG"
            )
    return files


def _ending(content: bytes) -> str:
    """The ending that fits the content; empty for what browsers do not show."""
    try:
        with Image.open(BytesIO(content)) as image:
            return _ENDING_OF_FORMAT.get(image.format or "", "")
    except (OSError, ValueError, Image.DecompressionBombError):
        return ""

"""Pictures of a user's own folder: what its model is about."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from torch2web.catalog import ReferenceImage
from torch2web.errors import OwnImagesError
from torch2web.images import Preprocessing, open_image

MAX_REFERENCE_IMAGES = 64
"""Pictures of the folder that the reference run takes; accuracy is measured on all."""

MAX_CALIBRATION_IMAGES = 32
"""Of the others, those on which weights are rounded; and as many on which it is searched how coarsely."""

_ENDINGS = frozenset(
    (".avif", ".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
)


@dataclass(frozen=True)
class OwnImages:
    """The pictures below a folder; those in a subfolder named like a label show that class."""

    folder: Path
    files: tuple[Path, ...]
    """Relative to `folder`, sorted."""

    def chosen(self) -> tuple[Path, ...]:
        """Those that the reference run takes, at most MAX_REFERENCE_IMAGES."""
        return self.spread(self.files, MAX_REFERENCE_IMAGES)

    @staticmethod
    def spread(files: Sequence[Path], most: int) -> tuple[Path, ...]:
        """At most `most` of `files`, as evenly from each subfolder as there are, sorted."""
        groups: dict[Path, list[Path]] = {}
        for file in files:
            groups.setdefault(file.parent, []).append(file)
        found: list[Path] = []
        depth = 0
        while len(found) < min(most, len(files)):
            found += [group[depth] for group in groups.values() if depth < len(group)]
            depth += 1
        return tuple(sorted(found[:most]))

    def calibration_images(self, preprocessing: Preprocessing) -> tuple[ReferenceImage, ...]:
        """Pictures that the reference run does not take, at most MAX_CALIBRATION_IMAGES.

        Raises OwnImagesError.
        """
        return self._named(self._left()[0::2], preprocessing)

    def search_images(self, preprocessing: Preprocessing) -> tuple[ReferenceImage, ...]:
        """As many that neither the reference run nor calibration takes. Raises OwnImagesError."""
        return self._named(self._left()[1::2], preprocessing)

    def _left(self) -> tuple[Path, ...]:
        chosen = set(self.chosen())
        others = [file for file in self.files if file not in chosen]
        return self.spread(others, 2 * MAX_CALIBRATION_IMAGES)

    def _named(self, files: Sequence[Path], preprocessing: Preprocessing) -> tuple[ReferenceImage, ...]:
        return tuple(ReferenceImage(file.as_posix(), self.open(file, preprocessing)) for file in files)

    def reference_images(self, preprocessing: Preprocessing) -> tuple[ReferenceImage, ...]:
        """The chosen pictures, named by their paths. Raises OwnImagesError."""
        return self._named(self.chosen(), preprocessing)

    def labelled(self, labels: Sequence[str]) -> tuple[tuple[Path, int], ...]:
        """Files in a folder named like a label, with the label's index; none where no folder is."""
        indices = {label: index for index, label in reversed(list(enumerate(labels)))}
        return tuple(
            (file, indices[file.parts[0]])
            for file in self.files
            if len(file.parts) > 1 and file.parts[0] in indices
        )

    def unlabelled(self, labels: Collection[str]) -> dict[str, int]:
        """Pictures of each subfolder that is not named like a label; those in none are counted under ""."""
        folders = [file.parts[0] if len(file.parts) > 1 else "" for file in self.files]
        return dict(Counter(folder for folder in folders if folder not in labels))

    def open(self, file: Path, preprocessing: Preprocessing) -> Image.Image:
        """Raises OwnImagesError for a file that is no picture."""
        try:
            return open_image(self.folder / file, preprocessing)
        except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
            raise OwnImagesError(self.folder / file, f"it cannot be read as a picture: {error}") from error

    def fingerprint(self) -> str:
        """SHA-256 of names and contents."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(f"{file.as_posix()}\0".encode())
            digest.update(hashlib.sha256((self.folder / file).read_bytes()).digest())
        return digest.hexdigest()


def find_images(folder: Path) -> OwnImages:
    """The pictures below `folder`, by endings of names. Raises OwnImagesError where there are none."""
    if not folder.is_dir():
        raise OwnImagesError(folder, "there is no such folder; --images names a folder with pictures")
    files = tuple(sorted(_files_below(folder)))
    if not files:
        endings = ", ".join(sorted(_ENDINGS))
        raise OwnImagesError(folder, f"found no picture in it or below, expected names that end in {endings}")
    return OwnImages(folder, files)


def _files_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.suffix.lower() in _ENDINGS and not hidden and path.is_file():
            yield relative

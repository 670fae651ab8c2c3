"""Warns of pictures of --images on which no accuracy is measured, though others are labelled."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from torch2web.catalog import ModelSpec
from torch2web.cli.terminal import Output
from torch2web.verification import OwnImages, find_images


def warn_of_folders(output: Output, folder: Path, specs: Sequence[ModelSpec]) -> None:
    """Print a warning for each subfolder that is named like no label. Raises OwnImagesError."""
    measured = [spec for spec in specs if spec.task.has_labels and spec.task.is_exclusive]
    labels = list(dict.fromkeys(label for spec in measured for label in spec.labels))
    for problem in _problems(find_images(folder), labels):
        output.warning(problem)


def _problems(images: OwnImages, labels: Sequence[str]) -> Iterator[str]:
    some = bool(images.labelled(labels))
    for name, count in images.unlabelled(labels).items():
        meant = _similar(name, labels)
        if not some and not meant:
            continue  # a folder of pictures without labels
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        verb = "is" if count == 1 else "are"
        if not name:
            yield f"{pictures} in {images.folder} outside of the labels' folders {verb} not measured"
        else:
            hint = f" (did you mean {meant}?)" if meant else ""
            yield f"{pictures} in {name!r}, which is no label{hint}, {verb} not measured"


def _similar(name: str, labels: Sequence[str]) -> str:
    by_plain = {label.casefold(): label for label in labels}
    found = difflib.get_close_matches(name.casefold(), by_plain, 1, 0.75)
    return by_plain[found[0]] if found else ""

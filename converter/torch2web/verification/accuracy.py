"""Accuracy on labelled pictures: of PyTorch, and of each form that a site may ship."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from torch2web.catalog import ModelSpec
from torch2web.images import preprocess
from torch2web.tasks import activate, decisions
from torch2web.verification.own_images import OwnImages
from torch2web.verification.reference_run import Run

_BATCH = 8


@dataclass(frozen=True)
class Accuracy:
    """How often a model gives the label of a picture."""

    confusion: tuple[tuple[int, ...], ...]
    """Pictures of each label (rows) by the label given (columns)."""

    @property
    def images(self) -> int:
        return sum(map(sum, self.confusion))

    @property
    def right(self) -> int:
        return sum(row[index] for index, row in enumerate(self.confusion))

    @property
    def share(self) -> float:
        """Share of pictures with the right label, 0 to 1."""
        return self.right / max(self.images, 1)

    def as_dict(self) -> dict[str, Any]:
        """`accuracy` of the manifest's verification."""
        return {
            "images": self.images,
            "share": self.share,
            "confusion": [list(row) for row in self.confusion],
        }


def measure_accuracy(
    run: Run, spec: ModelSpec, own: OwnImages, on_progress: Callable[[int, int], None]
) -> Accuracy | None:
    """Accuracy of `run` on the labelled pictures of `own`; None where none are labelled.

    Also None for a task whose labels do not exclude each other. `on_progress` is called with the number of
    pictures done and their total. Raises OwnImagesError for a file that is no picture.
    """
    labelled = own.labelled(spec.labels) if spec.task.has_labels and spec.task.is_exclusive else ()
    if not labelled:
        return None
    classes = len(spec.labels)
    confusion = np.zeros((classes, classes), np.int64)
    for start, batch in _batches(labelled):
        on_progress(start, len(labelled))
        inputs = np.stack(
            [preprocess(own.open(file, spec.preprocessing), spec.preprocessing) for file, _ in batch]
        )
        answers = decisions(spec.task, activate(spec.task, run(inputs))).reshape(-1)
        for (_, label), answer in zip(batch, answers.tolist(), strict=True):
            confusion[label, answer] += 1
    return Accuracy(tuple(tuple(row) for row in confusion.tolist()))


def _batches(
    labelled: Sequence[tuple[Path, int]],
) -> Iterator[tuple[int, Sequence[tuple[Path, int]]]]:
    for start in range(0, len(labelled), _BATCH):
        yield start, labelled[start : start + _BATCH]

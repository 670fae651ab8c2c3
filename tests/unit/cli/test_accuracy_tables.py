"""Doubts about labels and preprocessing, from PyTorch's own answers on labelled pictures."""

import pytest

from torch2web.cli.accuracy_tables import _doubt

LABELS = ("triangle", "circle", "square")


@pytest.mark.parametrize(
    ("confusion", "words"),
    [
        ([[8, 0, 0], [0, 8, 0], [0, 0, 8]], ""),
        ([[5, 3, 0], [0, 6, 2], [1, 1, 6]], ""),
        ([[0, 0, 8], [8, 0, 0], [0, 8, 0]], "right on 0% of the pictures, and on 100% if the labels"),
        ([[0, 0, 8], [8, 0, 0], [0, 8, 0]], "in the order circle, square, triangle: check --labels"),
        ([[8, 0, 0], [8, 0, 0], [8, 0, 0]], "right on 33% of the pictures, as by chance"),
        ([[8, 0, 0], [0, 0, 0], [0, 0, 0]], ""),  # pictures of one label say little
        ([[0, 2, 0], [0, 0, 0], [0, 0, 0]], ""),
    ],
)
def test_labels_or_preprocessing_are_doubted(confusion: list[list[int]], words: str) -> None:
    doubt = _doubt(LABELS, confusion)
    assert words in doubt
    assert bool(doubt) == bool(words)

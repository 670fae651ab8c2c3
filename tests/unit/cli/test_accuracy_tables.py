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
        ([[8, 0, 0], [8, 0, 0], [8, 0, 0]], "PyTorch itself gives triangle for all 24 pictures: check the"),
        (
            [[4, 0, 4], [2, 3, 3], [3, 2, 3]],
            "right on 42% of the pictures (10 of 24), as by chance: guesses among 3 labels, right on 33%, "
            "reach that in 26% of all cases; check the labels' order",
        ),
        ([[40, 20, 20], [20, 40, 20], [20, 20, 40]], ""),  # 50% of 240 is no chance
        ([[0, 0, 0], [0, 2, 2], [1, 0, 3]], ""),  # 5 of 8: guesses seldom reach that
        ([[0, 0, 0], [0, 2, 2], [1, 1, 2]], "right on 50% of the pictures (4 of 8), as by chance"),
        ([[1, 0, 0], [0, 0, 1], [0, 0, 0]], ""),  # two pictures say nothing
        ([[8, 0, 0], [0, 0, 0], [0, 0, 0]], ""),  # pictures of one label say little
        ([[0, 2, 0], [0, 0, 0], [0, 0, 0]], ""),
    ],
)
def test_labels_or_preprocessing_are_doubted(confusion: list[list[int]], words: str) -> None:
    doubt = _doubt(LABELS, confusion)
    assert words in doubt
    assert bool(doubt) == bool(words)

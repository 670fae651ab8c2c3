"""What a build prints of accuracy on a user's own pictures."""

import math
from collections.abc import Sequence
from statistics import NormalDist

from torch2web.cli.terminal import Output
from torch2web.site.manifest import ModelRecord

_MAX_LABELS = 12
"""Of a confusion table that fits a terminal."""
_MUCH = 0.3
"""Accuracy that another order of the labels has to add before it is proposed."""
_BY_CHANCE = 0.1
"""Probability that guesses are right as often, above which labels or preprocessing are doubted."""


def print_accuracy(output: Output, record: ModelRecord) -> None:
    """Print the accuracy of PyTorch and each variant, and PyTorch's confusion table; nothing without them."""
    measured = record.verification.get("accuracy")
    if not measured:
        return
    outcomes = [("PyTorch", measured)]
    outcomes += [
        (variant.name, variant.verification["accuracy"])
        for variant in record.variants
        if "accuracy" in variant.verification
    ]
    outcomes += [
        (f"{entry['name']} (refused)", entry["verification"]["accuracy"])
        for entry in record.refused
        if "accuracy" in (entry["verification"] or {})
    ]
    output.line("")
    rows = [(f"{record.spec.name} {name}", f"{found['share']:.2%}") for name, found in outcomes]
    output.table((f"accuracy on {measured['images']} pictures", "right"), rows)
    labels = record.spec.labels
    if len(labels) <= _MAX_LABELS:
        output.line("")
        table = [(label, *map(str, row)) for label, row in zip(labels, measured["confusion"], strict=True)]
        output.table((f"{record.spec.name}: is, in PyTorch", *labels), table)
    if problem := _doubt(labels, measured["confusion"]):
        output.warning(f"{record.spec.name}: {problem}")


def _doubt(labels: Sequence[str], confusion: Sequence[Sequence[int]]) -> str:
    """Why PyTorch's answers suggest labels in another order, or other preprocessing; else empty."""
    pictures = sum(map(sum, confusion))
    count = sum(row[index] for index, row in enumerate(confusion))
    right = count / pictures
    guesses = [max(range(len(row)), key=row.__getitem__) for row in confusion]
    found = f"PyTorch itself is right on {right:.0%} of the pictures"
    if sorted(guesses) == list(range(len(labels))):
        share = sum(row[guess] for row, guess in zip(confusion, guesses, strict=True)) / pictures
        if share >= right + _MUCH:
            by_output = dict(zip(guesses, labels, strict=True))
            order = ", ".join(by_output[index] for index in range(len(labels)))
            return f"{found}, and on {share:.0%} if the labels were in the order {order}: check --labels"
    if sum(any(row) for row in confusion) < 2:
        return ""  # pictures of one label say little
    advice = "check the labels' order and the preprocessing"
    given = [label for label, column in zip(labels, zip(*confusion, strict=True), strict=True) if any(column)]
    if len(given) == 1:
        return f"PyTorch itself gives {given[0]} for all {pictures} pictures: {advice}"
    chance = 1 / len(labels)
    probability = _by_guesses(count, pictures, chance)
    if probability > _BY_CHANCE >= chance**pictures:  # else too few pictures to tell
        by_chance = (
            f"guesses among {len(labels)} labels, right on {chance:.0%}, reach that in {probability:.0%}"
        )
        return f"{found} ({count} of {pictures}), as by chance: {by_chance} of all cases; {advice}"
    return ""


def _by_guesses(right: int, pictures: int, chance: float) -> float:
    """Probability that guesses are right on as many pictures: the normal approximation."""
    deviation = math.sqrt(pictures * chance * (1 - chance))
    return 1 - NormalDist(pictures * chance, deviation).cdf(right - 0.5) if deviation else 0

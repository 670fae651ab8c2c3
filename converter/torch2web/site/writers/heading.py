"""A page's heading: its labels as a question, or a title where they are many or long."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from torch2web.catalog import ModelSpec

MAX_LABELS = 6
MAX_CHARACTERS = 60
"""Of all labels in a heading together."""

_ISOLATE, _POP = "\u2068", "\u2069"


@dataclass(frozen=True)
class Heading:
    """Texts for the page's <h1>, <title> and description."""

    labels: tuple[str, ...]
    """Distinct labels to ask for, as written; empty where `title` is the heading."""
    title: str
    classes: int
    """How many every model knows; 0 where the models differ."""
    plain: str
    """The heading without markup."""
    description: str

    @classmethod
    def of(cls, specs: Sequence[ModelSpec]) -> "Heading":
        """The heading of a page with these models."""
        first, same = specs[0], all(spec.labels == specs[0].labels for spec in specs)
        distinct = tuple(dict.fromkeys(first.labels))
        few = 2 <= len(distinct) <= MAX_LABELS and sum(map(len, distinct)) <= MAX_CHARACTERS
        title = first.title if len(specs) == 1 else "What does the picture show?"
        networks = "Neural networks that tell" if len(specs) > 1 else "A neural network that tells"
        if not (same and few):
            classes = len(first.labels) if same else 0
            kinds = f"{classes:,} classes" if same else "pictures"
            return cls((), title, classes, title, f"{networks} {kinds} apart, on your own device.")
        shown = [isolated(label) for label in distinct]
        plain = f"{', '.join(shown[:-1])} or {shown[-1]}?"
        return cls(
            distinct, title, len(distinct), plain, f"{networks} {', '.join(shown)} apart, on your own device."
        )


def isolated(label: str) -> str:
    """`label` isolated from the direction of the text around it, for places that cannot hold <bdi>."""
    is_directional = any(unicodedata.bidirectional(char) not in _NEUTRAL for char in label)
    return f"{_ISOLATE}{label}{_POP}" if is_directional else label


_NEUTRAL = {"L", "EN", "ES", "ET", "CS", "ON", "WS", "NSM"}
"""Bidirectional classes of characters that do not change the direction of left-to-right text."""

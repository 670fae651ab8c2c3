"""A page's heading: its labels as a question, or a title where they are many, long or no alternatives."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from torch2web.catalog import ModelSpec
from torch2web.site.writers.texts import Texts
from torch2web.tasks import Task

ENGLISH = Texts()
MAX_LABELS = 6
MAX_CHARACTERS = 60
"""Of all labels in a heading together."""

_ISOLATE, _POP = "\u2068", "\u2069"


@dataclass(frozen=True)
class Heading:
    """Texts for the page's <h1>, <title>, description and first line."""

    labels: tuple[str, ...]
    """Distinct labels to ask for, the first as at the beginning of a sentence; empty where `title` is the
    heading."""
    title: str
    plain: str
    """The heading without markup."""
    description: str
    lead: str
    """What to do on the page, in one sentence."""

    @classmethod
    def of(cls, specs: Sequence[ModelSpec], texts: Texts = ENGLISH) -> "Heading":
        """The heading of a page with these models, in the language of `texts`.

        The description is the first line in languages other than English.
        """
        first = specs[0]
        same = all((spec.labels, _use(spec.task)) == (first.labels, _use(first.task)) for spec in specs)
        distinct = tuple(dict.fromkeys(first.labels))
        few = 2 <= len(distinct) <= MAX_LABELS and sum(map(len, distinct)) <= MAX_CHARACTERS
        title = first.title if len(specs) == 1 else texts.plain("What does the picture show?")
        names = _listed(distinct) if few else texts.plain("{0} classes", f"{len(first.labels):,}")
        if same and few and first.task.is_exclusive:
            labels = (_as_beginning(distinct[0]), *distinct[1:])
            plain = f"{_listed(labels, texts.plain('or'))}?"
        else:
            plain, labels = title, ()
        does, lead = _texts(first, names, texts, few=few) if same else (_MIXED[0], texts.plain(_MIXED[1]))
        verb, _, rest = does.partition(" ")
        subject = (
            f"A neural network that {verb}" if len(specs) == 1 else f"Neural networks that {_PLURAL[verb]}"
        )
        description = (
            f"{subject} {rest}, on your own device." if texts == ENGLISH else texts.plain("{0}.", lead)
        )
        return cls(labels, title, plain, description, lead)


_PLURAL = {"tells": "tell", "estimates": "estimate"}
_MIXED = ("tells pictures apart", "Show a picture, and see what a neural network makes of it")


def _use(task: Task) -> str:
    """What a page with this task is for."""
    return task.meaning if not task.is_exclusive else "classes"


def _texts(spec: ModelSpec, names: str, texts: Texts, *, few: bool) -> tuple[str, str]:
    """What the network does, and what to do with it."""
    if spec.task.kind == "embedding":
        return (
            "tells how alike pictures are",
            texts.plain("Show two pictures, and a neural network says how alike they are"),
        )
    if spec.task.kind == "regression":
        listed = few or len(spec.labels) == 1
        many = texts.plain("{0} numbers", f"{len(spec.labels):,}")
        found = _listed(spec.labels, texts.plain("and")) if listed else many
        return f"estimates {found}", texts.plain("Show a picture, and a neural network estimates {0}", found)
    if not spec.task.is_exclusive:
        found = names if few else texts.plain("{0} things", f"{len(spec.labels):,}")
        return (
            f"tells which of {found} a picture shows",
            texts.plain(
                "Show a picture, and a neural network says which of {0} it sees: one, several or none", found
            ),
        )
    does = f"tells {names} apart"
    if few:
        return does, texts.plain("Show a picture, and a neural network says what it sees")
    return does, texts.plain("Show a picture, and a neural network says what it sees, out of {0}", names)


def _as_beginning(label: str) -> str:
    """With a capital, where it is a word without any: `Circle`, but `iPhone` and the letter `a` stay."""
    return label[:1].upper() + label[1:] if len(label) > 1 and label.islower() else label


def _listed(labels: Sequence[str], word: str = "") -> str:
    """`a, b, c`, or with a word `a, b or c`."""
    shown = [isolated(label) for label in labels]
    return f"{', '.join(shown[:-1])} {word} {shown[-1]}" if word and len(shown) > 1 else ", ".join(shown)


def isolated(label: str) -> str:
    """`label` isolated from the direction of the text around it, for places that cannot hold <bdi>."""
    is_directional = any(unicodedata.bidirectional(char) not in _NEUTRAL for char in label)
    return f"{_ISOLATE}{label}{_POP}" if is_directional else label


_NEUTRAL = {"L", "EN", "ES", "ET", "CS", "ON", "WS", "NSM"}
"""Bidirectional classes of characters that do not change the direction of left-to-right text."""

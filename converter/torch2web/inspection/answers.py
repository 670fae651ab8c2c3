"""Records of what is known of a model and what is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Taken:
    """A value that nobody typed."""

    what: str
    value: str
    origin: str
    """Why this value."""
    option: str
    """The options that overrule it."""


@dataclass(frozen=True)
class Missing:
    """A value that the file does not say."""

    option: str
    question: str
    """What the option says, for people."""
    likely: str
    """A value for the option; a placeholder where nothing is likely."""
    known: bool
    """Whether `likely` may be taken without being typed."""


@dataclass(frozen=True)
class Proposal:
    """An entry of the catalogue as far as it is known. Complete where nothing is missing."""

    entry: Mapping[str, Any]
    taken: tuple[Taken, ...]
    missing: tuple[Missing, ...]

"""What a network's outputs mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

TaskKind = Literal["softmax", "sigmoid", "binary", "probabilities", "embedding", "regression"]

Meaning = Literal["softmax", "sigmoid", "binary"]
"""How the labels of a classifier relate: they exclude each other, are independent, or are two."""

DEFAULT_THRESHOLD = 0.5

_MIN_LABELS = {"softmax": 2, "sigmoid": 1, "binary": 2, "probabilities": 1, "regression": 1}


@dataclass(frozen=True)
class Task:
    """The meaning of a network's outputs, and what turns them into the values that a user sees."""

    kind: TaskKind = "softmax"
    """`softmax`: logits of classes that exclude each other; `sigmoid`: logits of independent labels;
    `binary`: one logit, of the second of two labels; `probabilities`: the network ends in softmax or sigmoid
    itself; `embedding`: a vector; `regression`: named numbers."""
    thresholds: tuple[float, ...] = ()
    """Probability from which a label applies: one for each independent label; of two labels, the second's."""
    units: tuple[str, ...] = ()
    """Of `regression`: unit of each number, or none."""
    of: Meaning | None = None
    """Of `probabilities`: the task that the network's last operator belongs to; None until it has run."""

    @classmethod
    def from_value(cls, value: str | Mapping[str, Any]) -> "Task":
        """Create from `task` of a catalogue or manifest, which the schema has accepted."""
        entry: Mapping[str, Any] = {"kind": value} if isinstance(value, str) else value
        thresholds = entry.get("thresholds", ())
        return cls(
            entry["kind"],
            tuple(thresholds) if isinstance(thresholds, Sequence) else (thresholds,),
            tuple(entry.get("units", ())),
            entry.get("of"),
        )

    def as_dict(self) -> dict[str, Any]:
        """`task` of the manifest."""
        options = {"of": self.of, "thresholds": list(self.thresholds), "units": list(self.units)}
        return {"kind": self.kind, **{key: value for key, value in options.items() if value}}

    @property
    def meaning(self) -> str:
        """`kind`, or for `probabilities` the kind that the network's last operator belongs to."""
        return self.of or self.kind

    @property
    def has_labels(self) -> bool:
        """Whether it is a classifier, whose scores are probabilities of labels."""
        return self.kind not in ("embedding", "regression")

    @property
    def is_exclusive(self) -> bool:
        """Whether the probabilities of an image sum to 1."""
        return self.meaning in ("softmax", "binary")

    def outputs(self, labels: int) -> int | None:
        """How many outputs a network with `labels` labels has; None where the network alone tells."""
        if self.kind == "embedding" or (self.kind == "probabilities" and self.of is None and labels == 2):
            return None
        return 1 if self.meaning == "binary" else labels

    def for_labels(self, labels: int) -> "Task":
        """The same with a threshold for each label that needs one: the given one, or 0.5.

        Raises ValueError, in words, where options or the number of labels do not fit.
        """
        self._require_labels(labels)
        if self.units and (self.kind != "regression" or len(self.units) != labels):
            found = f"found {len(self.units)} units"
            raise ValueError(f"{found}, expected none or {labels}, one for each number of a regression")
        if self.of and self.kind != "probabilities":
            raise ValueError(f"found of = {self.of!r}, which belongs to probabilities, not to {self.kind}")
        if self.kind == "probabilities" and self.of is None:
            return self  # once more when the network has run
        expected = {"sigmoid": labels, "binary": 1}.get(self.meaning, 0)
        if self.thresholds and not expected:
            raise ValueError(f"found thresholds, which belong to sigmoid and binary, not to {self.meaning}")
        if len(self.thresholds) not in (0, 1, expected):
            found = f"found {len(self.thresholds)} thresholds"
            raise ValueError(f"{found}, expected {expected}, or a number for all labels")
        thresholds = self.thresholds or (DEFAULT_THRESHOLD,)
        return replace(self, thresholds=thresholds * (expected if len(thresholds) == 1 else 1))

    def _require_labels(self, labels: int) -> None:
        if self.kind == "embedding":
            if labels:
                raise ValueError(
                    f"found {labels} labels, expected none: the outputs of an embedding have no names"
                )
            return
        least, of = _MIN_LABELS[self.meaning], f" of {self.of}" if self.of else ""
        exactly = self.meaning == "binary"
        if labels < least or (exactly and labels != least):
            found = f"found {labels} label{'s' * (labels != 1)} for task {self.kind}{of}"
            expected = f"expected {'' if exactly else 'at least '}{least}"
            raise ValueError(f"{found}, {expected}{_ADVICE.get(self.meaning, '')}")


_ADVICE = {
    "softmax": "; for one label that applies or not, use sigmoid",
    "binary": ", the second being the one whose probability the network gives",
}

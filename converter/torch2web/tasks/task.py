"""What a network's outputs mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

TaskKind = Literal["softmax", "sigmoid", "binary", "probabilities", "embedding", "regression"]


@dataclass(frozen=True)
class Task:
    """The meaning of a network's outputs, and what turns them into the values that a user sees."""

    kind: TaskKind = "softmax"
    """`softmax`: logits of classes that exclude each other; `sigmoid`: logits of independent labels;
    `binary`: one logit for two labels; `probabilities`: the network ends in softmax or sigmoid itself;
    `embedding`: a vector; `regression`: named numbers."""
    thresholds: tuple[float, ...] = ()
    """Of `sigmoid`: probability from which each label applies."""
    units: tuple[str, ...] = ()
    """Of `regression`: unit of each number."""

    @classmethod
    def from_value(cls, value: str | Mapping[str, Any]) -> "Task":
        """Create from `task` of a catalogue or manifest, which the schema has accepted."""
        entry: Mapping[str, Any] = {"kind": value} if isinstance(value, str) else value
        return cls(entry["kind"], tuple(entry.get("thresholds", ())), tuple(entry.get("units", ())))

    def as_dict(self) -> dict[str, Any]:
        """`task` of the manifest."""
        lists = {"thresholds": list(self.thresholds), "units": list(self.units)}
        return {"kind": self.kind, **{key: value for key, value in lists.items() if value}}

    def outputs(self, labels: int) -> int | None:
        """How many outputs a network with `labels` labels has; None where the network alone tells."""
        if self.kind == "embedding":
            return None
        return 1 if self.kind == "binary" else labels

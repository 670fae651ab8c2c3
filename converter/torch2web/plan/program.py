"""A program of the engine: instructions over tensors in memory, and how its weights are packed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from torch2web.plan.field_types import TYPE, Access, FieldType, TensorField
from torch2web.plan.tensors import PackRule, Tensor


class FieldError(ValueError):
    """A field of an instruction has a value that the engine would refuse; `lower` adds the node."""


@dataclass(eq=False, kw_only=True)
class Instruction:
    """An operator of the engine; `ops.py` has a generated subclass for each. Raises FieldError."""

    number: ClassVar[int]
    name: ClassVar[str]
    may_replace: tuple[Tensor, ...] = ()
    """Tensors read whose memory the output may take."""

    def __post_init__(self) -> None:
        for name, field_type, value in self.values():
            if problem := field_type.problem(value):
                raise FieldError(f"{name} of {self.name} is {problem}")

    def values(self) -> Iterator[tuple[str, FieldType, Any]]:
        """Name, type and value of each field, in the order of the plan."""
        for entry in fields(self):
            if TYPE in entry.metadata:
                yield entry.name, entry.metadata[TYPE], getattr(self, entry.name)

    @property
    def reads(self) -> tuple[Tensor, ...]:
        return self._accessed(Access.READ, Access.UPDATED)

    @property
    def writes(self) -> Tensor:
        (output,) = self._accessed(Access.WRITTEN, Access.UPDATED)
        return output

    def _accessed(self, *wanted: Access) -> tuple[Tensor, ...]:
        return tuple(
            value
            for _, field_type, value in self.values()
            if isinstance(field_type, TensorField) and field_type.access in wanted and value is not None
        )


@dataclass(eq=False)
class Program:
    input: Tensor
    output: Tensor
    instructions: list[Instruction] = field(default_factory=list)
    pack_rules: list[PackRule] = field(default_factory=list)

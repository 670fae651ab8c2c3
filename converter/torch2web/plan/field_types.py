"""Types of an operator's fields: what they accept, and their words in a plan."""

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from torch2web.plan.format import Place
from torch2web.plan.ir import Activation
from torch2web.plan.tensors import Tensor

TYPE = "type"
"""Key of a field's type in its metadata."""

ABSENT = 0xFFFFFFFF
"""Absent optional tensor, weight or multiplier."""


class Access(Enum):
    READ = "read"
    WRITTEN = "written"
    UPDATED = "partly written, the rest stays"
    SUMS = "sums for the next operator"


class FieldType(ABC):
    @abstractmethod
    def problem(self, value: Any) -> str:
        """Empty if the engine accepts `value`, otherwise what was found and what was expected."""

    @abstractmethod
    def pack(self, value: Any, number: Callable[[Tensor], int]) -> bytes:
        """The field's words; `number` gives that of a tensor."""


@dataclass(frozen=True)
class TensorField(FieldType):
    access: Access
    optional: bool = False

    def problem(self, value: Any) -> str:
        if value is None and self.optional:
            return ""
        if not isinstance(value, Tensor):
            return f"{value!r}, expected a tensor"
        if (value.base.place is Place.SUMS) != (self.access is Access.SUMS):
            return f"a tensor in {value.base.place.name}, expected one that is {self.access.value}"
        return ""

    def pack(self, value: Any, number: Callable[[Tensor], int]) -> bytes:
        return struct.pack("<I", ABSENT if value is None else number(value))


@dataclass(frozen=True)
class IntegerField(FieldType):
    """From `low` to `high`; with `count`, a tuple of as many."""

    low: int
    high: int
    count: int | None = None

    def problem(self, value: Any) -> str:
        values = (value,) if self.count is None else value
        expected = f"{self.low:,} to {self.high:,}"
        if not isinstance(values, tuple) or len(values) != (self.count or 1):
            return f"{value!r}, expected {self.count} integers"
        wrong = [v for v in values if not isinstance(v, int) or not self.low <= v <= self.high]
        return f"{wrong[0]!r}, expected {expected}" if wrong else ""

    def pack(self, value: Any, number: Callable[[Tensor], int]) -> bytes:  # noqa: ARG002
        values = (value,) if self.count is None else value
        return struct.pack(f"<{len(values)}i", *values)


class FloatField(FieldType):
    def problem(self, value: Any) -> str:
        return "" if isinstance(value, float) else f"{value!r}, expected a float"

    def pack(self, value: Any, number: Callable[[Tensor], int]) -> bytes:  # noqa: ARG002
        return struct.pack("<f", value)


class ActivationField(FieldType):
    def problem(self, value: Any) -> str:
        return "" if isinstance(value, Activation) else f"{value!r}, expected an activation"

    def pack(self, value: Any, number: Callable[[Tensor], int]) -> bytes:  # noqa: ARG002
        return struct.pack("<iff", value.kind, value.a, value.b)

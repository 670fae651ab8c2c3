"""The records of ops.toml: constants, enumerations, sections of a plan, types of fields, operators."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ACTIVATION, FLOAT, WORD = "activation", "float", "word"


@dataclass(frozen=True)
class Constant:
    name: str
    value: int
    header: str
    doc: str


@dataclass(frozen=True)
class Enumerator:
    name: str
    doc: str
    meaning: str


@dataclass(frozen=True)
class Enumeration:
    name: str
    prefix: str
    count: str | None
    """Name of a last enumerator in C: the number of the others."""
    header: str
    doc: str
    values: tuple[Enumerator, ...]


@dataclass(frozen=True)
class FieldType:
    name: str
    pointer: str | None = None
    """C type in a kernel's arguments, of tensors."""
    low: str = ""
    high: str = ""
    """Bounds of integers: a number, or the name of a constant."""
    axes: str | None = None
    """Name of a constant, the length of arrays."""
    words: int = 1
    enumeration: Enumeration | None = None
    doc: str = ""

    @property
    def is_integer(self) -> bool:
        return self.pointer is None and self.name not in (ACTIVATION, FLOAT)


@dataclass(frozen=True)
class Group:
    """Fields that are declared together: of one type, with one comment."""

    type: FieldType
    names: tuple[str, ...]
    doc: str
    optional: bool
    equals: str | None
    set_by_hand: bool
    start_of: str | None

    @property
    def in_plan(self) -> bool:
        return self.equals is None and not self.set_by_hand

    @property
    def in_kernel(self) -> bool:
        return self.start_of is None


@dataclass(frozen=True)
class Section:
    name: str
    doc: str
    groups: tuple[Group, ...]

    @property
    def words(self) -> int:
        return sum(group.type.words * len(group.names) for group in self.groups)


@dataclass(frozen=True)
class Operator:
    name: str
    kernel: str
    """Name of the kernel's function."""
    scratch: bool
    run_by_hand: bool
    summary: str
    doc: str
    groups: tuple[Group, ...]

    @property
    def enumerator(self) -> str:
        return f"OP_{self.name.upper()}"

    @property
    def plan_struct(self) -> str:
        return f"{camel(self.name)}Op"

    @property
    def kernel_struct(self) -> str:
        return camel(self.kernel)

    @property
    def plan_groups(self) -> list[Group]:
        return [group for group in self.groups if group.in_plan]

    @property
    def kernel_groups(self) -> list[Group]:
        return [group for group in self.groups if group.in_kernel]


@dataclass(frozen=True)
class Table:
    constants: tuple[Constant, ...]
    enumerations: tuple[Enumeration, ...]
    types: Mapping[str, FieldType]
    sections: tuple[Section, ...]
    operators: tuple[Operator, ...]


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def fields_of(groups: Sequence[Group]) -> Iterator[tuple[str, Group]]:
    """Each field's name with its group."""
    for group in groups:
        for name in group.names:
            yield name, group

"""plan/format.py and plan/ops.py of the Python package: constants, enumerations, sections, operators."""

import re
import textwrap

from web.engine.generate_ops.c_text import number
from web.engine.generate_ops.table import (
    ACTIVATION,
    FLOAT,
    Enumeration,
    Group,
    Operator,
    Section,
    Table,
    fields_of,
)

PACKAGE = "torch2web.plan"

_COLUMNS = 110

_BANNER = """\
Generated from web/engine/ops.toml by `python -m web.engine.generate_ops`: edit the table, not this file."""


_WORD = re.compile(r"[a-z]{2,}[^a-z\[=]+(?!=)\b")
"""A first word that is no name in a formula."""


def format_py(table: Table) -> str:
    """Constants, enumerations and sections of a plan."""
    constants = "".join(
        f"{entry.name} = {number(entry.value)}\n{_doc(entry.doc)}" for entry in table.constants
    )
    meanings = [value.meaning for entry in table.enumerations for value in entry.values if value.meaning]
    parts = [
        f'"""The format of a plan: constants, enumerations and sections.\n\n{_BANNER}\n"""\n',
        "from dataclasses import dataclass\nfrom enum import IntEnum\nfrom typing import ClassVar\n",
        constants,
        *map(_enumeration, table.enumerations),
        f"ENGINE_CODE_MEANINGS = {tuple(meanings)!r}\n{_doc('by EngineCode; the first is of size 0')}",
        *map(_section, table.sections),
    ]
    return "\n".join(parts)


def ops_py(table: Table) -> str:
    """A class for each operator."""
    groups = [group for operator in table.operators for group in operator.plan_groups]
    bounds = {bound.lstrip("-") for group in groups for bound in (group.type.low, group.type.high)}
    axes = {group.type.axes for group in groups}
    constants = [entry.name for entry in table.constants if entry.name in bounds | axes]
    kinds = [group.type.enumeration.name for group in groups if group.type.enumeration]
    types = "".join(f"{name} = {{TYPE: {text}}}\n" for name, text in dict(sorted(map(_type, groups))).items())
    parts = [
        f'"""The operators of the engine, with the fields of each by name and type.\n\n{_BANNER}\n"""\n',
        "from dataclasses import dataclass, field\nfrom typing import ClassVar\n",
        f"from {PACKAGE}.field_types import "
        "TYPE, Access, ActivationField, FloatField, IntegerField, TensorField\n"
        f"from {PACKAGE}.format import {', '.join([*sorted(constants), *sorted(set(kinds))])}\n"
        f"from {PACKAGE}.ir import Activation\n"
        f"from {PACKAGE}.program import Instruction\n"
        f"from {PACKAGE}.tensors import Tensor\n",
        types,
        *(_operator(number, operator) for number, operator in enumerate(table.operators)),
    ]
    return "\n".join(parts)


def _doc(text: str, indent: str = "") -> str:
    if not text:
        return ""
    if _WORD.match(text):
        text = text[0].upper() + text[1:]
    lines = textwrap.wrap(text.rstrip(".") + ".", _COLUMNS - len(indent) - 6)
    return f'{indent}"""' + f"\n{indent}".join(lines) + '"""\n'


def _enumeration(entry: Enumeration) -> str:
    values = "".join(
        f"    {value.name} = {number}\n{_doc(value.doc, '    ')}" for number, value in enumerate(entry.values)
    )
    return f"class {entry.name}(IntEnum):\n{_doc(entry.doc, '    ')}\n{values}"


def _section(section: Section) -> str:
    lines = "".join(
        f"    {name}: {'tuple[int, ...]' if group.type.axes else 'int'}\n"
        for name, group in fields_of(section.groups)
    )
    return (
        f"@dataclass(frozen=True, kw_only=True)\nclass {section.name}Words:\n"
        f'    """{section.name} of `plan/format.h`."""\n\n'
        f"    size: ClassVar[int] = {section.words}\n\n{lines}"
    )


def _operator(number: int, operator: Operator) -> str:
    lines = "".join(
        f"    {name}: {_annotation(group)} = field(metadata={_type(group)[0]})\n"
        for name, group in fields_of(operator.plan_groups)
    )
    name = operator.plan_struct.removesuffix("Op")
    return (
        "@dataclass(eq=False, kw_only=True)\n"
        f"class {name}(Instruction):\n{_doc(operator.summary, '    ')}\n"
        f"    number: ClassVar[int] = {number}\n"
        f'    name: ClassVar[str] = "{operator.name.upper()}"\n\n{lines}'
    )


def _annotation(group: Group) -> str:
    if group.type.pointer:
        return "Tensor | None" if group.optional else "Tensor"
    if group.type.axes:
        return "tuple[int, ...]"
    if group.type.enumeration:
        return group.type.enumeration.name
    return {ACTIVATION: "Activation", FLOAT: "float"}.get(group.type.name, "int")


_ACCESS = {
    "input": "READ",
    "matrix": "READ",
    "output": "WRITTEN",
    "partial_output": "UPDATED",
    "sums": "SUMS",
    "partial_sums": "SUMS",
}


def _type(group: Group) -> tuple[str, str]:
    """Name and value of the constant that describes a type."""
    name = f"_{'OPTIONAL_' * group.optional}{group.type.name.upper()}"
    if group.type.pointer:
        optional = ", optional=True" if group.optional else ""
        return name, f"TensorField(Access.{_ACCESS[group.type.name]}{optional})"
    if group.type.name == ACTIVATION:
        return name, "ActivationField()"
    if group.type.name == FLOAT:
        return name, "FloatField()"
    if group.type.enumeration:
        return name, f"IntegerField(0, len({group.type.enumeration.name}) - 1)"
    axes = f", {group.type.axes}" if group.type.axes else ""
    return name, f"IntegerField({group.type.low}, {group.type.high}{axes})"

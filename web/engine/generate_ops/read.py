"""Reads ops.toml and refuses inconsistent tables."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from web.engine.generate_ops.table import (
    ACTIVATION,
    FLOAT,
    WORD,
    Constant,
    Enumeration,
    Enumerator,
    FieldType,
    Group,
    Operator,
    Section,
    Table,
    fields_of,
    snake,
)

TABLE = Path(__file__).parents[1] / "ops.toml"

_OPTIONS = {"doc", "optional", "equals", "set_by_hand", "start_of"}


class TableError(ValueError):
    """ops.toml is inconsistent; the message says where, and what was expected."""


def read_table(path: Path = TABLE) -> Table:
    """The table in `path`. Raises TableError."""
    content = tomllib.loads(path.read_text())
    constants = tuple(Constant(**{"doc": "", **entry}) for entry in content["constant"])
    enumerations = tuple(_enumeration(entry) for entry in content["enumeration"])
    types = _types(content["types"], {constant.name: constant.value for constant in constants}, enumerations)
    sections = tuple(
        Section(entry["name"], entry.get("doc", ""), _groups(entry, types)) for entry in content["section"]
    )
    operators = tuple(_operator(entry, types) for entry in content["operator"])
    return Table(constants, enumerations, types, sections, operators)


def _enumeration(entry: Mapping[str, Any]) -> Enumeration:
    values = tuple(Enumerator(**{"doc": "", "meaning": "", **value}) for value in entry["values"])
    return Enumeration(**{"count": None, "doc": "", **entry, "values": values})


def _types(
    entries: Mapping[str, Any], constants: Mapping[str, int], enumerations: Sequence[Enumeration]
) -> dict[str, FieldType]:
    types = {
        WORD: FieldType(WORD),
        "pack_axes": FieldType("pack_axes", axes="PACK_RANK", words=constants["PACK_RANK"]),
        FLOAT: FieldType(FLOAT),
        ACTIVATION: FieldType(ACTIVATION, words=3),
    }
    for name, entry in entries.items():
        doc = entry.get("doc", "")
        if "tensor" in entry:
            types[name] = FieldType(name, pointer=entry["tensor"], doc=doc)
            continue
        axes = entry.get("axes")
        words = constants[axes] if axes else 1
        types[name] = FieldType(name, None, str(entry["min"]), str(entry["max"]), axes, words, doc=doc)
    for enumeration in enumerations:
        name = snake(enumeration.name)
        types[name] = FieldType(name, low="0", high=f"{enumeration.count} - 1", enumeration=enumeration)
    return types


def _groups(entry: Mapping[str, Any], types: Mapping[str, FieldType]) -> tuple[Group, ...]:
    groups = []
    for field in entry["fields"]:
        named = sorted(set(field) - _OPTIONS)
        if len(named) != 1 or named[0] not in types:
            raise TableError(f"{entry['name']}: {field} names {named}, expected one of {sorted(types)}")
        options = {name: field.get(name) for name in ("equals", "start_of")}
        flags = {name: field.get(name, False) for name in ("optional", "set_by_hand")}
        names = tuple(field[named[0]].split())
        groups.append(Group(types[named[0]], names, field.get("doc", ""), **flags, **options))
    names_of_all = [name for name, _ in fields_of(groups)]
    for name in names_of_all:
        if names_of_all.count(name) > 1:
            raise TableError(f"{entry['name']}: two fields are called {name}")
    for group in groups:
        for other in (group.equals, group.start_of):
            if other is not None and other not in names_of_all:
                raise TableError(f"{entry['name']}: {group.names[0]} refers to {other}, which is no field")
    return tuple(groups)


def _operator(entry: Mapping[str, Any], types: Mapping[str, FieldType]) -> Operator:
    operator = Operator(
        entry["name"],
        entry.get("kernel", entry["name"]),
        entry.get("scratch", False),
        entry.get("run_by_hand", False),
        entry["summary"],
        entry.get("doc", ""),
        _groups(entry, types),
    )
    outputs = [
        name for name, group in fields_of(operator.groups) if group.type.name in ("output", "partial_output")
    ]
    if len(outputs) != 1:
        raise TableError(f"{operator.name}: {len(outputs)} outputs {outputs}, expected one")
    return operator

"""Adds a model to models.toml; everything that stands there stays, byte for byte but for the encoding."""

import json
import os
import tomllib
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Array, InlineTable, Item

from torch2web.catalog.load import ModelSpec, parse_catalog, parse_entry
from torch2web.errors import CatalogError
from torch2web.text_files import read_text

_WIDTH = 100
"""Characters from which an array is written one entry a line."""
_SHARED = ("opset", "tolerance", "gate")
"""Keys of [defaults] that are meant for every model that gives none of its own."""


def write_entry(path: Path, entry: Mapping[str, Any]) -> None:
    """Append `entry` as a `[[models]]` table to the catalogue at `path`, which is created if there is none.

    The file is replaced in one step, as UTF-8. Raises CatalogError where the catalogue or the entry is
    invalid, the catalogue has a model of this name, or its `[defaults]` would change the model.
    """
    try:
        target = path.resolve()  # of a link, the file that it names
        before = read_text(target) if target.exists() else ""
    except OSError as error:
        raise CatalogError(path, "", f"it cannot be read: {error}") from error
    wanted = parse_entry(path, entry)
    _require_new(path, before, wanted)
    text = f"{_ended(before)}{entry_text(entry)}"
    _require_same(path, parse_catalog(path, text)[-1], wanted)
    _replace(path, target, text)


def entry_text(entry: Mapping[str, Any]) -> str:
    """`entry` as a `[[models]]` table of a catalogue."""
    table = tomlkit.table()
    for key, value in entry.items():
        if key == "factory_args" and "null" in (text := json.dumps(value)):
            value = text  # TOML has no null
        table.append(key, _item(value, nested=False))
    models = tomlkit.aot()
    models.append(table)
    return tomlkit.dumps({"models": models})


def _ended(text: str) -> str:
    """`text` with an empty line after it, unless there is nothing."""
    return "" if not text else f"{text}\n" if text.endswith("\n") else f"{text}\n\n"


def _item(value: Any, *, nested: bool) -> Item:
    if isinstance(value, Mapping):
        table: InlineTable | tomlkit.items.Table = tomlkit.inline_table() if nested else tomlkit.table()
        for key, entry in value.items():
            table.append(key, _item(entry, nested=True))
        return table
    if isinstance(value, list | tuple):
        array: Array = tomlkit.array()
        for entry in value:
            array.append(_item(entry, nested=True))
        array.multiline(not nested and len(array.as_string()) > _WIDTH)
        return array
    item: Item = tomlkit.item(value)
    return item


def _require_new(path: Path, before: str, wanted: ModelSpec) -> None:
    """Raise CatalogError for a catalogue that cannot take the model `wanted`."""
    try:
        data = tomllib.loads(before)
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(path, "", f"it is not valid TOML: {error}") from error
    if not data:
        return  # nothing but comments
    if "models" not in data:
        problem = "is missing, and a model can be added only to a catalogue"
        raise CatalogError(path, "models", problem)
    for index, spec in enumerate(parse_catalog(path, before)):
        if spec.name == wanted.name:
            problem = f"the catalogue has a model {wanted.name!r} already; --name gives the new one another"
            raise CatalogError(path, f"models[{index}].name", problem)
        if spec.output == wanted.output:
            problem = f"{spec.output!r} would be the file of {wanted.name!r} too; --name gives it another"
            raise CatalogError(path, f"models[{index}].output", problem)
    try:
        tomllib.loads(f"{before}\n[[models]]\n")
    except tomllib.TOMLDecodeError as error:
        problem = "is one array, to which no table can be added; write each model as a [[models]] table"
        raise CatalogError(path, "models", problem) from error


def _require_same(path: Path, found: ModelSpec, wanted: ModelSpec) -> None:
    """Raise CatalogError where the catalogue's [defaults] would make another model of the entry."""
    first, second = (_without(_SHARED, spec.as_dict()) for spec in (found, wanted))
    if changed := [key for key in first if first[key] != second[key]]:
        problem = (
            f"they would change {', '.join(changed)} of {wanted.name!r}: found {first[changed[0]]!r}, "
            f"expected {second[changed[0]]!r}; use a catalogue of its own: --catalog FILE"
        )
        raise CatalogError(path, "defaults", problem)


def _without(keys: Collection[str], entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in keys}


def _replace(path: Path, target: Path, text: str) -> None:
    """Write `text` beside `target`, then rename: readers see the former file or the new one."""
    staged = target.with_name(f".{target.name}-{os.getpid()}")
    try:
        with staged.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        if target.exists():
            staged.chmod(target.stat().st_mode & 0o777)
        staged.replace(target)
    except OSError as error:
        with suppress(OSError):
            staged.unlink()
        raise CatalogError(path, "", f"it cannot be written: {error.strerror or error}") from error

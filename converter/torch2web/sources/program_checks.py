"""Refuses archives of torch.export whose loading or running would do more than compute.

`torch.export.load` unpickles some members without restriction, evaluates symbolic sizes as Python (SymPy),
looks operators up by dotted names, and loads compiled code of AOTInductor. What networks need of that is
little; everything else is refused before PyTorch reads the archive.
"""

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from torch2web.errors import CheckpointError

_ADVICE = "Nothing of it was executed. Save it again with torch.export.save, on the CPU, from plain tensors."
_MAX_JSON = 256 * 2**20

_OPERATORS = re.compile(
    r"torch\.ops\.(?:aten|prims)\.(?P<aten>\w+)(?:\.\w+)?"
    r"|torch\.ops\.higher_order\.(?:wrap_with_set_grad_enabled|wrap_with_autocast|cond)"
    r"|_operator\.(?:getitem|add|sub|mul|floordiv|truediv|mod|neg|pow|eq|ne|lt|le|gt|ge|and_|or_|not_)"
    r"|torch\.sym_(?:int|float|max|min|not|ite|sqrt|sum)|math\.(?:ceil|floor|trunc|sqrt)"
)
_FILES = ("from_file", "save", "load", "_print", "_assert_async")
_SYMBOL = re.compile(r"[a-z]+\d+")
_FUNCTIONS = frozenset(
    [
        "Symbol",
        "Integer",
        "Float",
        "Rational",
        "Add",
        "Mul",
        "Pow",
        "Max",
        "Min",
        "Abs",
        "Mod",
        "PythonMod",
        "FloorDiv",
        "CeilDiv",
        "CleanDiv",
        "Eq",
        "Ne",
        "Lt",
        "Le",
        "Gt",
        "Ge",
        "And",
        "Or",
        "Not",
        "Equality",
        "Unequality",
        "StrictLessThan",
        "LessThan",
        "StrictGreaterThan",
        "GreaterThan",
        "ToFloat",
        "IntTrueDiv",
        "FloatTrueDiv",
        "TruncToInt",
        "FloorToInt",
        "CeilToInt",
        "RoundToInt",
        "Where",
        "true",
        "false",
    ]
)
"""Names that symbolic sizes consist of, besides symbols such as s77."""
_ARITHMETIC = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.Constant,
    ast.Load,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.keyword,
)


def require_harmless(path: Path) -> None:
    """Raise CheckpointError for an archive that is damaged, or does more than compute."""
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                _check(path, archive, entry)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, RecursionError) as error:
        raise CheckpointError(path, f"it is a damaged exported program: {error}") from error


def _check(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if "/aotinductor/" in name or name.endswith((".so", ".dll", ".dylib", ".o")):
        raise CheckpointError(path, f"it was refused: it contains compiled code, {name}", _ADVICE)
    if name.endswith(".json") and "/extra/" not in name and "extra_files/" not in name:
        if entry.file_size > _MAX_JSON:
            raise CheckpointError(path, f"its {name} is larger than 256 MiB")
        for key, value in _strings(json.loads(archive.read(entry))):
            _check_string(path, key, value)
    elif "/custom_obj" in name:
        raise CheckpointError(path, f"it was refused: its {name} is a pickled object", _ADVICE)
    elif name.endswith(".pt"):
        _check_pickle(path, name, archive.read(entry))


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string with the key that it stands under, and those of flags that are true."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from _strings(inside, name)
    elif isinstance(value, list):
        for inside in value:
            yield from _strings(inside, key)
    elif isinstance(value, str):
        yield key, value
    elif key == "use_pickle" and value is True:
        yield key, "true"


def _check_string(path: Path, key: str, value: str) -> None:
    if key == "target" and (value.startswith(("torch", "_operator", "math")) or "." in value):
        found = _OPERATORS.fullmatch(value)
        if found is None and not _is_name_of_tensor(value):
            problem = f"it was refused: running it would call {value[:100]}, which a network does not need"
            raise CheckpointError(path, problem, _ADVICE)
        if found is not None and found["aten"] in _FILES:
            raise CheckpointError(path, f"it was refused: running it would call {value}", _ADVICE)
    elif key == "expr_str":
        if not _is_arithmetic(value):
            problem = f"it was refused: it has a size that is not arithmetic: {value[:100]!r}"
            raise CheckpointError(path, problem, _ADVICE)
    elif key == "use_pickle":
        raise CheckpointError(path, "it was refused: its weights are pickled objects, not tensors", _ADVICE)


def _is_arithmetic(text: str) -> bool:
    """Whether a symbolic size consists of numbers, symbols and functions of SymPy for sizes."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            sound = isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
        elif isinstance(node, ast.Name):
            sound = node.id in _FUNCTIONS or bool(_SYMBOL.fullmatch(node.id))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            sound = bool(_SYMBOL.fullmatch(node.value))  # the name of a Symbol
        else:
            sound = isinstance(node, _ARITHMETIC)
        if not sound:
            return False
    return True


def _is_name_of_tensor(value: str) -> bool:
    """Targets of the signature name buffers and parameters, such as `features.0.weight`."""
    first = value.partition(".")[0]
    return first not in ("torch", "_operator", "math", "builtins", "os", "sys", "subprocess", "importlib")


def _check_pickle(path: Path, name: str, content: bytes) -> None:
    try:
        torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # the unpickler raises arbitrary exceptions
        problem = f"it was refused: its {name} holds objects, which loading would execute"
        raise CheckpointError(path, problem, _ADVICE) from error

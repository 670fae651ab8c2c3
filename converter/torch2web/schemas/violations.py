"""Validates data against the package's JSON Schemas and explains the first violation in one sentence."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

FOLDER = Path(__file__).parent

_TYPES = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


@dataclass(frozen=True)
class Violation:
    """`key` is a path such as `models[0].opset`; `problem` states the value found and the one expected."""

    key: str
    problem: str


def find_violation(data: object, schema: str) -> Violation | None:
    """Return the most relevant violation of `schemas/<schema>`; None if `data` is valid."""
    error = best_match(_validator(schema).iter_errors(data))
    return None if error is None else Violation(*_explain(error))


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((FOLDER / schema).read_text()))


def _path(parts: list[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _explain(error: ValidationError) -> tuple[str, str]:
    parts: list[str | int] = list(error.absolute_path)
    found: Any = error.instance
    wanted: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "required":
            missing = next(key for key in wanted if key not in found)
            return _path([*parts, missing]), "is missing"
        case "additionalProperties":
            known = sorted(schema["properties"])
            unknown = next(key for key in found if key not in known)
            return _path([*parts, unknown]), f"unknown key; known here: {', '.join(known)}"
        case "type":
            kinds = wanted if isinstance(wanted, list) else [wanted]
            expected = " or ".join(_TYPES.get(str(kind), str(kind)) for kind in kinds)
            return _path(parts), f"found {_show(found)}, expected {expected}"
        case "enum":
            return _path(parts), f"found {_show(found)}, expected one of {', '.join(map(_show, wanted))}"
        case "const":
            return _path(parts), f"found {_show(found)}, expected {_show(wanted)}"
        case "pattern":
            expected = schema.get("description", f"a string that matches {wanted}")
            return _path(parts), f"found {_show(found)}, expected {expected}"
        case "minItems" | "maxItems":
            bound = "at least" if error.validator == "minItems" else "at most"
            return _path(parts), f"found {len(found)} entries, expected {bound} {wanted}"
        case "minLength":
            return _path(parts), "found an empty string"
        case "maxLength":
            return _path(parts), f"found a string of {len(found):,} characters, expected at most {wanted:,}"
        case "minimum":
            return _path(parts), f"found {_show(found)}, expected at least {wanted}"
        case "maximum":
            return _path(parts), f"found {_show(found)}, expected at most {wanted}"
        case "exclusiveMinimum":
            return _path(parts), f"found {_show(found)}, expected more than {wanted}"
        case _:
            return _path(parts), error.message


def _show(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "…"

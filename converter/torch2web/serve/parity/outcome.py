"""Outcomes of verify.html on devices: validation, storage with one file per run, reading for the report."""

import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from torch2web.errors import OutcomeError, TextEncodingError
from torch2web.file_managers import is_of_file_manager
from torch2web.schemas import find_violation
from torch2web.serve.parity.device import describe_device
from torch2web.text_files import decode_text

SCHEMA = "outcome.schema.json"


@dataclass(frozen=True)
class CaseOutcome:
    """One test on one device."""

    name: str
    outcome: str
    """passed, failed or skipped"""
    message: str


@dataclass(frozen=True)
class ModelOutcome:
    """One model on one device."""

    name: str
    backend: str
    max_abs_diff: float | None
    """Maximum difference of a logit from PyTorch's; None if there is no finite value."""


@dataclass(frozen=True)
class Outcome:
    """One run of verify.html. Its strings contain no control characters and are safe to print."""

    received: datetime
    """Time of receipt by the server's clock, in UTC."""
    manifest_sha256: str
    device: str
    """Browser and system, for example `Firefox 150 on Android 16`."""
    user_agent: str
    python: str
    seconds: float
    """Duration of the run."""
    verdict: str
    """passed, failed or incomplete"""
    problem: str
    """Reason why tests did not run; empty if all did."""
    tests: tuple[CaseOutcome, ...]
    models: tuple[ModelOutcome, ...]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], received: datetime) -> "Outcome":
        """Create from the JSON that verify.html sends. Raises OutcomeError if it violates the schema."""
        if violation := find_violation(data, SCHEMA):
            raise OutcomeError(violation.key, violation.problem)
        outcome = cls(
            received=received,
            manifest_sha256=data["manifest_sha256"],
            device=describe_device(data["user_agent"]),
            user_agent=_one_line(data["user_agent"]),
            python=_one_line(data["python"]),
            seconds=float(data["seconds"]),
            verdict=data["verdict"],
            problem=_printable(data["problem"]),
            tests=tuple(
                CaseOutcome(_one_line(test["name"]), test["outcome"], _printable(test["message"]))
                for test in data["tests"]
            ),
            models=tuple(
                ModelOutcome(_one_line(model["name"]), _one_line(model["backend"]), model["max_abs_diff"])
                for model in data["models"]
            ),
        )
        if outcome.verdict == "passed" and (outcome.failed or not outcome.passed):
            found = f"{outcome.failed} failed and {outcome.passed} passed"
            raise OutcomeError("verdict", f'found "passed" where of the tests {found}')
        return outcome

    @property
    def passed(self) -> int:
        return self._count("passed")

    @property
    def failed(self) -> int:
        return self._count("failed")

    @property
    def skipped(self) -> int:
        return self._count("skipped")

    def _count(self, wanted: str) -> int:
        return sum(test.outcome == wanted for test in self.tests)


def parse(content: bytes) -> dict[str, Any]:
    """Parse a JSON object in Unicode text, without NaN and Infinity. Raises OutcomeError."""
    try:
        data = json.loads(decode_text(content, "the outcome"), parse_constant=_refuse_constant)
    except TextEncodingError as error:
        raise OutcomeError("", f"it is not valid JSON: {error.problem}") from error
    except RecursionError as error:
        raise OutcomeError("", "it is not valid JSON: it is nested too deeply") from error
    except ValueError as error:
        raise OutcomeError("", f"it is not valid JSON: {error}") from error
    if not isinstance(data, dict):
        raise OutcomeError("", f"found JSON of type {type(data).__name__}, expected an object")
    return data


def save(folder: Path, data: Mapping[str, Any], outcome: Outcome) -> Path:
    """Write `data`, from which `outcome` was created, to a new file; return its path. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    received = outcome.received.isoformat(timespec="seconds")
    content = json.dumps({"received": received, **data}, indent=1).encode()
    stem = f"{outcome.received:%Y-%m-%dT%H-%M-%SZ}_{_slug(outcome.device)}_{outcome.manifest_sha256[:8]}"
    staged = folder / f".{stem}.{secrets.token_hex(4)}"
    try:
        with staged.open("xb") as file:
            file.write(content)
        return _link_to_free_name(staged, folder, stem)
    finally:
        with suppress(FileNotFoundError):
            staged.unlink()


def _link_to_free_name(staged: Path, folder: Path, stem: str) -> Path:
    """Publish `staged` under a free name; by a link, because renaming would replace an existing file."""
    number = 1
    while True:
        path = folder / (f"{stem}.json" if number == 1 else f"{stem}_{number}.json")
        try:
            os.link(staged, path)
        except FileExistsError:
            number += 1
        else:
            return path


@dataclass(frozen=True)
class Saved:
    """Outcomes of a folder."""

    outcomes: Sequence[Outcome]
    """Newest first."""
    unreadable: Sequence[str]
    """File name and error of each invalid file."""


def read_saved(folder: Path) -> Saved:
    """Read all outcomes in `folder`, which may not exist."""
    outcomes: list[Outcome] = []
    unreadable: list[str] = []
    for path in sorted(folder.glob("*.json")):
        if is_of_file_manager(Path(path.name)):
            continue
        try:
            data = parse(path.read_bytes())
            outcomes.append(Outcome.from_dict(data, _received(data.pop("received", None))))
        except (OutcomeError, OSError) as error:
            unreadable.append(_one_line(f"{path.name}: {error}"))
    outcomes.sort(key=lambda outcome: outcome.received, reverse=True)
    return Saved(outcomes, unreadable)


def _received(text: object) -> datetime:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise OutcomeError("received", f"found {text!r}, expected a date and time") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"found {name}, which is not valid JSON")


def _one_line(text: str, kept: str = "") -> str:
    """Replace control, bidirectional and unencodable characters of `text`, except those in `kept`."""
    return "".join(
        char if char.isprintable() or char in kept else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def _printable(text: str) -> str:
    """As `_one_line`, for strings of several lines."""
    return _one_line(text, "\n\t")


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")

"""Outcomes as records and as files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.outcomes import failed, outcome_of, passed, tiny_site
from torch2web.errors import OutcomeError
from torch2web.serve.parity.outcome import Outcome, parse, read_saved, save

NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tiny_site(tmp_path / "site")


def saved(folder: Path, data: dict[str, Any], received: datetime = NOON) -> Path:
    return save(folder, data, Outcome.from_dict(data, received))


def test_what_is_saved_is_read_again(site: Path, tmp_path: Path) -> None:
    tests = [passed("a"), failed("b", "E assert 1 == 2"), passed("c") | {"outcome": "skipped"}]
    data = outcome_of(site, verdict="failed", tests=tests)
    path = saved(tmp_path / "new" / "parity", data)
    assert path.name == f"2026-03-04T12-00-00Z_firefox-150-on-android-16_{data['manifest_sha256'][:8]}.json"
    assert json.loads(path.read_text()) == {"received": "2026-03-04T12:00:00+00:00", **data}
    (outcome,) = read_saved(path.parent).outcomes
    assert outcome == Outcome.from_dict(data, NOON)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (1, 1, 1)
    assert outcome.tests[1].message == "E assert 1 == 2"


def test_nothing_is_overwritten_and_nothing_else_is_left(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parity"
    paths = [saved(folder, outcome_of(site, seconds=seconds)) for seconds in (1, 2, 3)]
    assert [json.loads(path.read_text())["seconds"] for path in paths] == [1, 2, 3]
    assert sorted(folder.iterdir()) == sorted(paths)


def test_failed_write_leaves_nothing(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.link", refuse)
    with pytest.raises(OSError, match="No space left"):
        saved(tmp_path / "parity", outcome_of(site))
    assert list((tmp_path / "parity").iterdir()) == []


def test_newest_first_by_this_machines_clock(site: Path, tmp_path: Path) -> None:
    for hour in (1, 3, 2):
        saved(tmp_path, outcome_of(site, seconds=hour), NOON.replace(hour=hour))
    assert [outcome.seconds for outcome in read_saved(tmp_path).outcomes] == [3, 2, 1]


def test_no_folder_is_no_outcome(tmp_path: Path) -> None:
    read = read_saved(tmp_path / "none")
    assert (read.outcomes, read.unreadable) == ([], [])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "found JSON of type list"),
        (b"\xff", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"{}", "found None, expected a date and time"),
        (b'{"received": "0001-01-01T00:00:00+14:00"}', "expected a date and time"),
        (b'{"received": "2026-03-04T12:00:00+00:00"}', "is missing"),
    ],
)
def test_what_is_no_outcome_is_named_and_the_others_are_read(
    site: Path, tmp_path: Path, content: bytes, problem: str
) -> None:
    folder = tmp_path / "parity"
    saved(folder, outcome_of(site))
    (folder / "notes.json").write_bytes(content)
    read = read_saved(folder)
    assert len(read.outcomes) == 1
    (line,) = read.unreadable
    assert line.startswith("notes.json: ")
    assert problem in line


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b31m", "\r", "\x07", "\u202e", "\ud800"])
def test_texts_cannot_steer_a_terminal(site: Path, text: str) -> None:
    test = failed(f"name{text}", f"line\n{text}")
    model = {"name": f"tiny{text}\n", "backend": text, "max_abs_diff": None}
    changes = {"user_agent": text, "python": text, "problem": text, "tests": [test], "models": [model]}
    outcome = Outcome.from_dict(outcome_of(site, verdict="failed", **changes), NOON)
    shown = [
        outcome.device,
        outcome.user_agent,
        outcome.python,
        outcome.problem,
        outcome.models[0].name,
        outcome.models[0].backend,
        outcome.tests[0].name,
        *outcome.tests[0].message.split("\n"),
    ]
    assert [words for words in shown if not words.isprintable()] == []
    assert outcome.tests[0].message.startswith("line\n")


@pytest.mark.parametrize("tests", [[], [passed("a"), failed("b", "no")]])
def test_verdict_must_be_what_the_tests_say(site: Path, tests: list[dict[str, Any]]) -> None:
    with pytest.raises(OutcomeError, match='verdict: found "passed" where of the tests'):
        Outcome.from_dict(outcome_of(site, tests=tests), NOON)


def test_numbers_that_json_does_not_have() -> None:
    with pytest.raises(OutcomeError, match="found NaN, which is not valid JSON"):
        parse(b'{"seconds": NaN}')

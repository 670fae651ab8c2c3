"""A package of a test's own takes the place of an installed one, which comes back."""

import sys
from pathlib import Path

import pytest

from tests.other_packages import set_aside


def test_own_package_in_place_of_an_imported_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wave as installed

    (tmp_path / "wave.py").write_text("OWN = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    with set_aside("wave"):
        import wave

        assert wave.OWN  # type: ignore[attr-defined]
        assert wave is not installed
    assert sys.modules["wave"] is installed


def test_nothing_stays_of_a_package_that_was_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_stand_in.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with set_aside("own_stand_in"):
        __import__("own_stand_in")
        assert "own_stand_in" in sys.modules
    assert "own_stand_in" not in sys.modules

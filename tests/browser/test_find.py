"""The browser that the tests use, and the error where there is none."""

from pathlib import Path

import pytest

from tests.browser import find


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a browser: Playwright's folder and PATH are empty."""
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_playwrights_own_comes_first(bare: Path) -> None:
    executable(bare / "bin/chromium")
    own = executable(find.playwrights_own())
    assert own.is_relative_to(bare)
    assert find.find_chromium() == own


@pytest.mark.parametrize("name", ["chromium", "google-chrome"])
def test_then_one_of_the_machine(bare: Path, name: str) -> None:
    assert find.find_chromium() is None
    path = executable(bare / "bin" / name)
    assert find.find_chromium() == path


def test_one_that_does_not_start_is_passed_over(bare: Path) -> None:
    """For example Playwright's own without system libraries, or Ubuntu's stub for a snap."""
    own = executable(find.playwrights_own())
    own.write_text("#!/bin/sh\nexit 127\n")
    assert find.find_chromium() is None
    path = executable(bare / "bin/chromium")
    assert find.find_chromium() == path


def test_then_downloads_in_order(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def attempt(command: list[str], seconds: int) -> None:
        tried.append(" ".join(command))
        if "apt-get" in command and "install" in command:
            executable(bare / "bin/chromium")

    executable(bare / "bin/apt-get")
    monkeypatch.setattr(find, "_try", attempt)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert find.install_chromium() == bare / "bin/chromium"
    assert tried[0].endswith("playwright install --with-deps chromium")
    assert tried[1] == "apt-get update"
    assert tried[2].startswith("apt-get install")


def test_then_one_clear_error(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(find, "_try", lambda *_, **__: None)
    assert find.main() == 1
    message = capsys.readouterr().err
    for way in ("playwright install chromium", "on the PATH", "apt-get install chromium"):
        assert way in message

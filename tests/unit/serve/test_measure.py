"""Measurements in files, and errors before a measurement starts."""

import builtins
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_build
from torch2web.catalog import ReferenceImage
from torch2web.errors import MissingExtraError
from torch2web.serve.measure import draw_again, read_measured, require_playwright, save_measured
from torch2web.site.report import pixels_sha256
from torch2web.verification import neutral_images

SHA = "ab" * 32
MEASURED: dict[str, Any] = {
    "engine": "firefox",
    "title": "Firefox 150",
    "models": [{"name": "tiny", "runs": [{"backend": "b", "median_ms": 2.0, "min_ms": 1.0}], "answers": []}],
}


def test_measurements_of_this_build_are_read_and_others_are_not(tmp_path: Path) -> None:
    save_measured(tmp_path, SHA, MEASURED | {"engine": "native", "title": "onnxruntime"})
    save_measured(tmp_path, SHA, MEASURED)
    save_measured(tmp_path, "cd" * 32, MEASURED | {"engine": "chromium"})
    found, unreadable = read_measured(tmp_path, SHA)
    assert [entry["engine"] for entry in found] == ["firefox", "native"], "browsers first"
    assert unreadable == []
    save_measured(tmp_path, SHA, MEASURED | {"title": "Firefox 151"})
    assert read_measured(tmp_path, SHA)[0][0]["title"] == "Firefox 151", "in place of what was there"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "it is not valid JSON"),
        (json.dumps(MEASURED | {"schema_version": 1, "manifest_sha256": "x"}), "manifest_sha256"),
        (json.dumps(MEASURED | {"schema_version": 1, "manifest_sha256": SHA, "models": [{}]}), "models[0]"),
    ],
)
def test_damaged_files_are_listed(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured/firefox.json").write_text(content)
    found, (line,) = read_measured(tmp_path, SHA)
    assert found == []
    assert line.startswith("measured/firefox.json: ")
    assert problem in line


def test_without_playwright_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith("playwright"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtraError, match=r"pip install 'torch2web\[browsers\]'"):
        require_playwright()


def test_unknown_browser_is_refused(tmp_path: Path) -> None:
    result = run_build("report", tmp_path, "--browser", "chromium,safari")
    assert result.returncode == 2
    assert "found 'safari', expected some of chromium, firefox, webkit" in result.stderr


def test_pictures_are_drawn_again_or_not_taken_at_all() -> None:
    images = neutral_images()[:2]

    def data(*images: ReferenceImage) -> dict[str, Any]:
        names = [image.name for image in images]
        return {"pictures": {"names": names, "sha256": [pixels_sha256(image.image) for image in images]}}

    assert [image.name for image in draw_again(data(*images))] == [image.name for image in images]
    assert draw_again(data(ReferenceImage("gradient-0", images[1].image))) == ()
    assert draw_again({}) == ()

"""Measurements in files, and errors before a measurement starts."""

import builtins
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.conftest import run_build
from torch2web.assets import load_assets
from torch2web.catalog import ReferenceImage
from torch2web.errors import MissingExtraError, ToolError
from torch2web.serve.measure import (
    Measuring,
    browsers,
    draw_again,
    measure_browser,
    opened,
    read_measured,
    require_playwright,
    save_measured,
)
from torch2web.site.manifest import MANIFEST
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


# In place of a browser: `python -c PAGE MODE ADDRESS` does what measure.ts does in a page.
PAGE = """
import json, sys
from urllib.request import urlopen
if sys.argv[-1] == "--version":
    sys.exit(print("Mozilla Firefox 153.8.0esr"))
mode, address = sys.argv[1:]
base, _, queue = address.partition("torch2web-measure.html?queue=")
while request := json.load(urlopen(base + queue)):
    if mode == "ends":
        sys.exit("no display")
    outputs = [[0, 1, 0, 0]] * len(request["pictures"])
    answer = {"measured": {"description": "c", "times": [2.0, 1.0, 4.0], "outputs": outputs}}
    if request["backend"] == "wasm":
        answer = {"problem": "BackendError: wasm: it is slow\\nand more"}
    urlopen(base + queue, json.dumps(answer).encode()).read()
"""


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Measures a site of one network in a program that plays Firefox."""

    def run(mode: str) -> dict[str, Any]:
        command = (sys.executable, "-c", PAGE, mode)
        monkeypatch.setattr(browsers, "has_own_build", lambda _: False)
        for module in (browsers, opened):
            monkeypatch.setattr(module, "installed_browser", lambda *_: command)
        manifest = {"models": [{"name": "tiny", "title": "Tiny", "plan": {}, "graph": {}}], "runtime": {}}
        (tmp_path / MANIFEST).parent.mkdir(exist_ok=True)
        (tmp_path / MANIFEST).write_text(json.dumps(manifest))
        images = [ReferenceImage(name, Image.new("RGB", (2, 2))) for name in "ab"]
        steps: list[str] = []
        measuring = Measuring(tmp_path, load_assets(), manifest, images, steps.append)
        measured = measure_browser("firefox", measuring)
        assert steps[0].startswith(f"{measured['title']}: ")
        return measured

    return run


def test_browser_without_a_driver_fetches_its_tasks(measure: Callable[[str], dict[str, Any]]) -> None:
    measured = measure("measures")
    assert measured["title"] == "Firefox 153.8.0esr"
    (model,) = measured["models"]
    compiled, wasm = model["runs"][:2]
    assert compiled == {"backend": "c", "median_ms": 2.0, "min_ms": 1.0, "memory": None}
    assert wasm == {"backend": "onnxruntime-web, WebAssembly", "problem": "it is slow"}
    assert [picture[0][0] for picture in model["answers"]] == [1, 1]


def test_browser_that_ends_is_an_error_with_what_it_said(measure: Callable[[str], dict[str, Any]]) -> None:
    with pytest.raises(ToolError, match="Firefox: it ended with exit code 1 while it was measured\nno di"):
        measure("ends")

"""`report --browser firefox,webkit`, in Playwright's builds or in what is installed on this machine."""

import json
from pathlib import Path

import pytest

from tests.conftest import run_build
from tests.long.engines import find_engines

pytestmark = pytest.mark.engines


def test_report_measures_firefox_and_webkit(small_site: Path, tmp_path: Path) -> None:
    """Each backend has its times, and the answers to the reference pictures are Python's."""
    engines = find_engines(tmp_path / "profile")
    if missing := [engine.missing for engine in engines if not engine.command]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path / "parity"
    result = run_build("report", small_site, "--browser", "firefox,webkit", "--parity-dir", folder)
    assert result.returncode == 0, result.stderr
    report = (folder / "report.html").read_text(encoding="utf-8")
    answers = json.loads((small_site / "report.json").read_text())["models"][0]["answers"]
    for engine in engines:
        measured = json.loads((folder / f"measured/{engine.name.lower()}.json").read_text())
        assert measured["title"].startswith(engine.name)
        assert measured["title"] in report
        (model,) = measured["models"]
        compiled, wasm = model["runs"][:2]
        assert 0 < compiled["min_ms"] <= compiled["median_ms"]
        assert 0 < wasm["min_ms"] <= wasm["median_ms"]
        found = [picture[0][0] for picture in model["answers"]]
        assert found == [picture[0][0] for picture in answers], "the same labels"
        print(measured["title"], [(run["backend"], run.get("min_ms")) for run in model["runs"]])

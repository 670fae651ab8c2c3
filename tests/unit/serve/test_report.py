"""report.html as a file; tests/browser/judges/test_parity_serving.py opens it in a browser."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_build
from tests.outcomes import failed, outcome_of, passed, tiny_site
from torch2web.errors import OutputError
from torch2web.serve.parity.outcome import Outcome, save
from torch2web.serve.parity.report import MAX_FAILURES, report_html

NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0.0.0 Safari/537.36"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tiny_site(tmp_path / "site")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "parity"


def add(folder: Path, data: dict[str, Any], received: datetime = NOON) -> None:
    save(folder, data, Outcome.from_dict(data, received))


def report(site: Path, folder: Path) -> str:
    return report_html(site, folder).decode()


def test_no_outcome_yet_says_how_to_get_one(site: Path, folder: Path) -> None:
    page = report(site, folder)
    assert "No device has checked this build yet" in page
    assert "torch2web serve --parity" in page
    assert "<table" not in page


def test_devices_of_this_build_and_of_others(site: Path, folder: Path) -> None:
    add(folder, outcome_of(site))
    add(folder, outcome_of(site, user_agent=CHROME), NOON.replace(hour=13))
    add(folder, outcome_of(site, user_agent="Version/18.4 Safari/1", manifest_sha256="ab" * 32))
    current, _, others = report(site, folder).partition("Of other builds")
    assert current.index("Chrome 141 on Windows") < current.index("Firefox 150 on Android 16"), "newest first"
    assert "Safari 18.4" not in current
    assert "Safari 18.4" in others
    assert "abababab" in others
    assert "2026-03-04 13:00 UTC" in current
    assert current.count("✓ Computes what Python computes") == 4, "in the table and in its own card"
    assert "1 passed in 41 seconds" in current
    assert "onnxruntime-web 1.30.0" in current
    assert "0.0000031" in current


def test_failures_are_folded_with_their_messages(site: Path, folder: Path) -> None:
    skipped = passed("s") | {"outcome": "skipped", "message": "built without NumPy"}
    tests = [*(failed(f"wrong[{i}]", f"E because {i}") for i in range(MAX_FAILURES + 3)), skipped, skipped]
    no_number = {"name": "tiny", "backend": "b", "max_abs_diff": None}
    add(folder, outcome_of(site, verdict="failed", tests=tests, models=[no_number]))
    page = report(site, folder)
    assert "✗ Computes something else" in page
    assert f"0 passed, {MAX_FAILURES + 3} failed, 2 skipped" in page
    assert page.index("<details>") < page.index("wrong[0]") < page.index("E because 0")
    assert f"E because {MAX_FAILURES - 1}<" in page
    assert f"wrong[{MAX_FAILURES}]" not in page
    assert "And 3 more" in page
    assert "2 because <bdi>built without NumPy</bdi>" in page
    assert "unknown" in page


def test_texts_from_devices_are_escaped(site: Path, folder: Path) -> None:
    evil = "<script>alert('x')</script>\x1b[31m\"' \ud800"
    model = {"name": evil, "backend": evil, "max_abs_diff": 1.0}
    changes = {"user_agent": evil, "python": evil, "problem": evil, "models": [model]}
    tests = [failed(evil, evil), passed("s") | {"outcome": "skipped", "message": evil}]
    add(folder, outcome_of(site, verdict="failed", tests=tests, **changes))
    add(folder, outcome_of(site, verdict="failed", manifest_sha256="ab" * 32, tests=tests, **changes))
    (folder / "<script>.json").write_text("<script>")
    page = report(site, folder)
    assert "<script" not in page
    assert "\x1b" not in page
    assert page.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;�[31m&#34;&#39; �") == 8
    assert "&lt;script&gt;.json: it is not valid JSON" in page


def test_page_needs_no_other_file_and_runs_nothing(site: Path, folder: Path) -> None:
    add(folder, outcome_of(site))
    page = report(site, folder)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src 'none'; style-src 'sha256-" in policy[1]
    assert re.findall(r'(?:src|href)="(?!#|data:,")([^"]*)', page) == []


def test_command_writes_it(site: Path, folder: Path) -> None:
    add(folder, outcome_of(site))
    result = run_build("report", site, "--parity-dir", folder)
    assert result.returncode == 0, result.stderr
    assert str(folder / "report.html") in result.stdout
    assert (folder / "report.html").read_text() == report(site, folder)


def test_without_a_site(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(OutputError, match="there is no built site"):
        report_html(tmp_path, folder)
    assert run_build("report", tmp_path, "--parity-dir", folder).returncode == 2
    assert not folder.exists()

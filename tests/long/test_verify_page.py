"""verify.html in Firefox and WebKit: Python in the browser checks the loader's results."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.judges.test_verify_page import NAMES, VARIANTS
from tests.browser.server import hosting
from tests.long.engines import find_engines, visit

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module", params=["Firefox", "WebKit"])
def outcome(
    request: pytest.FixtureRequest, demo_site: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("engine")
    engine = next(engine for engine in find_engines(folder / "profile") if engine.name == request.param)
    if not engine.command:
        pytest.skip(f"{engine.name} is not installed: {engine.missing}")
    with hosting(demo_site) as host:
        result = visit(engine, host, "verify.html?variants=all&post=engine", folder)
    print(result["user_agent"], result["python"], f"{result['seconds']:.0f} s")
    return result


def test_verdict(outcome: dict[str, Any]) -> None:
    tests = {test["name"]: test for test in outcome["tests"]}
    failed = {name: test["message"] for name, test in tests.items() if test["outcome"] == "failed"}
    assert failed == {}
    assert sorted(map(_as_in_junit, tests)) == sorted(NAMES["demo_site"])
    assert outcome["verdict"] == "passed"


def _as_in_junit(name: str) -> str:
    """A test's name as in JUnit XML: the module's path with dots."""
    path, separator, rest = name.partition("::")
    return path.removesuffix(".py").replace("/", ".") + separator + rest


def test_logits(outcome: dict[str, Any]) -> None:
    assert [model["name"] for model in outcome["models"]] == [
        f"{name}/{variant}" for name, variants in VARIANTS.items() for variant in variants
    ]
    for model in outcome["models"]:
        assert 0 < model["max_abs_diff"] < 1e-4, model

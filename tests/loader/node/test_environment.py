"""In an unsupported environment the loader fails at once and names the environment."""

import json
from pathlib import Path

import pytest

from tests.browser.server import hosting
from tests.loader.test_typescript import run_node


@pytest.mark.parametrize(("more", "name"), [((), "Node.js"), (("jsdom",), "jsdom")])
def test_environment_is_named(small_site: Path, more: tuple[str, ...], name: str) -> None:
    script = Path(__file__).parent / "environment.mjs"
    with hosting(small_site) as host:
        run = run_node(script, small_site, host.url, *more)
    assert run.returncode == 0, run.stdout
    errors = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    assert [error["name"] for error in errors] == ["BackendError"] * 2
    assert all(name in error["message"] and "ImageData" in error["message"] for error in errors)

"""A check on another device, end to end: the address of `serve --parity`, the check, file and report."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Page

from tests.browser.verify_page import wait_for_verdict
from tests.conftest import ROOT
from tests.patience import PATIENCE
from torch2web.cli.lan import lan_addresses
from torch2web.serve.parity.outcome import read_saved


@contextmanager
def serving_parity(site: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "build.py", "serve", "--parity", "--port", "0", "--parity-dir", str(folder)]
    with subprocess.Popen(
        [*command, str(site)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_device_checks_itself_and_is_in_the_report(page: Page, tiny_site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parity"
    violations: list[str] = []
    page.on(
        "console", lambda message: violations.append(message.text) if "Security" in message.text else None
    )
    with serving_parity(tiny_site, folder) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        page.goto(address)
        if lan_addresses():
            assert page.evaluate("isSecureContext") is False, "as on a phone: plain HTTP, and not from itself"
        assert wait_for_verdict(page) == "passed"
        assert "The result was sent to the computer" in page.locator("#verdict").inner_text()

        (path,) = folder.iterdir()
        sent = json.loads(path.read_text())
        assert sent["verdict"] == "passed"
        assert sent["user_agent"] == page.evaluate("navigator.userAgent")
        (outcome,) = read_saved(folder).outcomes
        with urllib.request.urlopen(urljoin(address, "report.html"), timeout=PATIENCE) as response:
            assert outcome.device in response.read().decode()

        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(urljoin(address, "report.html"))
        assert page.get_by_role("heading", name=outcome.device).count() == 1
        assert page.locator("main").inner_text().count("Computes what Python computes") == 2
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no scrolling sideways"
        colour = "getComputedStyle(document.querySelector('.badge')).borderRadius"
        assert page.evaluate(colour) == "16px", "the page's policy lets its own style through"
        assert violations == []

        server.send_signal(signal.SIGINT)
        printed, _ = server.communicate(timeout=PATIENCE)
    assert f"{outcome.device}: passed; {len(outcome.tests)} tests" in printed
    assert urlsplit(address).query.removeprefix("post=") not in printed, "the secret is printed once"
    assert printed.endswith("stopped\n")


def test_device_on_which_python_does_not_start_says_so(page: Page, tiny_site: Path, tmp_path: Path) -> None:
    """Also over plain HTTP the browser refuses changed files of the check."""
    site = Path(shutil.copytree(tiny_site, tmp_path / "site"))
    with (site / "verify/python/in_page/oracle.py").open("a") as judge:
        judge.write("# changed")
    with serving_parity(site, tmp_path / "parity") as server:
        assert server.stdout is not None
        page.goto(server.stdout.readline().strip())
        assert wait_for_verdict(page) == "incomplete"
    (outcome,) = read_saved(tmp_path / "parity").outcomes
    assert outcome.verdict == "incomplete"
    assert "oracle.py did not arrive as it was built" in outcome.problem

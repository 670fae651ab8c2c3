"""axe-core finds nothing, on any page and in any state."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.server import Host, Hosting
from tests.browser.shown import ASKING, ERROR, READY
from web.build.scripts import node_package

State = Callable[[Page, Host, Path], None]

LOOKS = {"phone-light": (360, "light"), "phone-dark": (360, "dark"), "wide-light": (1280, "light")}
LOOKS |= {"wide-dark": (1280, "dark")}


def starting(page: Page, host: Host, _: Path) -> None:
    page.route("**/models/**", lambda _: None)
    page.goto(host.url)
    page.wait_for_selector("#unstarted", state="detached")


def ready(page: Page, host: Host, _: Path) -> None:
    page.goto(host.url)
    page.wait_for_selector(READY)


def opened(page: Page, host: Host, folder: Path) -> None:
    ready(page, host, folder)
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")


def asking(page: Page, host: Host, folder: Path) -> None:
    ready(page, host, folder)
    page.check("input[value=landmark_cnn_emotion]", force=True)
    page.wait_for_selector(ASKING)


def problem(page: Page, host: Host, folder: Path) -> None:
    ready(page, host, folder)
    (folder / "notes.txt").write_text("no picture")
    page.set_input_files("#file", folder / "notes.txt")
    page.wait_for_selector(ERROR)


def verifying(page: Page, host: Host, _: Path) -> None:
    page.goto(f"{host.url}verify.html")
    page.wait_for_selector("html[data-ready]")


STATES: tuple[State, ...] = (starting, ready, opened, asking, problem, verifying)


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(
    browser: Browser, demo_site: Path, host_of: Hosting, tmp_path: Path, look: str
) -> None:
    width, scheme = LOOKS[look]
    found = []
    context = browser.new_context(
        viewport={"width": width, "height": 740},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",  # no colour half-way
        bypass_csp=True,
    )
    host = host_of(demo_site)
    for reach in STATES:
        page = context.new_page()
        reach(page, host, tmp_path)
        page.evaluate((node_package("axe-core") / "axe.min.js").read_text())
        found += [
            (reach.__name__, violation["id"], [node["html"] for node in violation["nodes"]])
            for violation in page.evaluate("axe.run()")["violations"]
        ]
        page.close()
    context.close()
    assert found == []

"""The page in every state, on a phone and a wide screen, light and dark.

axe-core finds nothing, nothing is cut off, and a picture of each is kept in the folder SCREENSHOTS, by
default .cache/screenshots.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.looks import FOLDER, OTHER_SCREENS, look_at
from tests.browser.page.states import STATES, State, Visit, camera_live, ready
from tests.browser.server import Hosting


@pytest.fixture(scope="module")
def context(camera_browser: Browser) -> Iterator[BrowserContext]:
    context = camera_browser.new_context(bypass_csp=True)  # axe-core is a string to evaluate
    context.new_page()  # keeps a renderer process
    yield context
    context.close()


@pytest.fixture
def visit(context: BrowserContext, demo_site: Path, host_of: Hosting, tmp_path: Path) -> Iterator[Visit]:
    host = host_of(demo_site)
    page = context.new_page()
    yield Visit(page, host, tmp_path)
    page.close()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_state(visit: Visit, state: State) -> None:
    state(visit)
    assert look_at(visit.page, state.__name__) == []


@pytest.mark.parametrize("state", [ready, camera_live], ids=lambda state: state.__name__)
def test_other_screens(visit: Visit, state: State) -> None:
    """The narrowest phones, a common one, and 4K."""
    state(visit)
    assert look_at(visit.page, state.__name__, OTHER_SCREENS) == []


def test_on_paper(visit: Visit) -> None:
    """The picture, its answer and the figures; nothing to press, whatever the scheme."""
    ready(visit)
    page = visit.page
    page.click("#details summary")
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 less Chromium's margins
    page.screenshot(path=FOLDER / "on_paper.png", full_page=True)
    for shown in ("h1", "#preview", "#label", "#bars", "#details table"):
        assert page.locator(shown).is_visible(), shown
    pressed = page.locator("button:visible, input:visible, select:visible, label:visible")
    assert pressed.all_inner_texts() == []
    colors = page.evaluate(
        "[getComputedStyle(document.body), getComputedStyle(document.getElementById('label'))]"
        ".map(({ backgroundColor, color }) => [backgroundColor, color])"
    )
    assert colors == [["rgb(255, 255, 255)", "rgb(23, 24, 28)"], ["rgba(0, 0, 0, 0)", "rgb(23, 24, 28)"]]
    page.pdf(path=FOLDER / "on_paper.pdf")

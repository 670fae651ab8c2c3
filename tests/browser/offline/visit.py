"""Actions of a visitor of the page, and what the browser then stores."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import Fault, Host

READY = "#app[data-state=ready]"
ERROR = "#app[data-state=error]"
MODEL = "mobilenet_emotion"
BUSY = Fault(b"try again later", 503, "text/plain")


def visit(page: Page, host: Host) -> None:
    page.goto(host.url)
    page.wait_for_selector(READY)


def opt_in(page: Page) -> None:
    """Opt in by keyboard, which has to work too."""
    page.locator("#keep").focus()
    page.keyboard.press("Space")
    expect(page.locator("#keep-status")).to_contain_text("Works without internet now")


def shells(page: Page) -> list[str]:
    """Names of the service workers' caches."""
    names: list[str] = page.evaluate("caches.keys()")
    return [name for name in names if name.startswith("torch2web-offline")]


def registrations(page: Page) -> int:
    count: int = page.evaluate("navigator.serviceWorker.getRegistrations().then(({ length }) => length)")
    return count


def wait_for_shells(page: Page, wanted: Callable[[list[str]], bool]) -> None:
    for _ in range(2400):
        if wanted(shells(page)):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"found {shells(page)}")


def answers_sample(page: Page, name: str = "tired-1") -> None:
    """Whether a sample not requested before is predicted."""
    page.evaluate("document.getElementById('app').dataset.state = 'asked'")
    page.click(f".sample[data-src='samples/{name}.jpg']")
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == name.partition("-")[0].capitalize()


def title_of(page: Page) -> str:
    return page.inner_text(".model .name")

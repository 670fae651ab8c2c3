"""Browsers that Playwright drives: its own builds, and of Chromium one that is installed on this machine."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch2web.errors import MissingExtraError, ToolError
from torch2web.serve.measure.engine import TIMEOUT, TITLES, PageProblemError, first_line
from torch2web.serve.measure.memory import RendererMemory
from torch2web.serve.measure.page import PAGE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Playwright

_SYSTEM_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def require_playwright() -> None:
    """Raise MissingExtraError where Playwright is not installed."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("--browser", "browsers") from error


def has_own_build(name: str) -> bool:
    """Whether Playwright and its own build of the browser `name` are installed."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return False
    with sync_playwright() as playwright:
        return Path(getattr(playwright, name).executable_path).exists()


class _Driven:
    def __init__(self, title: str, address: str, context: "BrowserContext") -> None:
        self.title, self.address, self.context = title, address, context

    def measure(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """See Engine."""
        from playwright.sync_api import Error

        with RendererMemory.watching(self.context.browser) as memory:
            page = self.context.new_page()
            try:
                page.goto(self.address + PAGE)
                page.wait_for_selector("html[data-ready]", state="attached")
                found: dict[str, Any] = page.evaluate("request => measure(request)", request)
                return {**found, "memory": memory.peak()}
            except Error as error:
                raise PageProblemError(first_line(str(error))) from error
            finally:
                page.close()


@contextmanager
def driven(name: str, address: str) -> Iterator[_Driven]:
    """The browser `name`, whose pages share what the loader keeps.

    Raises MissingExtraError, or ToolError where it does not start or stops.
    """
    require_playwright()
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright, _started(playwright, name) as browser:
        title = f"{TITLES[name]} {browser.version.partition('.')[0]}"
        try:
            context = browser.new_context()
            context.set_default_timeout(1000 * TIMEOUT)
            yield _Driven(title, address, context)
        except Error as error:
            raise ToolError(title, f"measuring failed: {first_line(str(error))}") from error


@contextmanager
def _started(playwright: "Playwright", name: str) -> "Iterator[Browser]":
    from playwright.sync_api import Error

    kind = getattr(playwright, name)
    executable: str | None = kind.executable_path
    if name == "chromium" and not Path(str(executable)).exists():
        executable = next(filter(None, map(shutil.which, _SYSTEM_CHROMIUM)), None)
    # Chromium refuses its sandbox to root.
    root = name == "chromium" and hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        browser = kind.launch(executable_path=executable, args=["--no-sandbox"] if root else [])
    except Error as error:
        problem = f"Playwright cannot start it: {first_line(str(error))}"
        advice = f"Install it: python -m playwright install --with-deps {name}"
        raise ToolError(name, problem, advice) from error
    try:
        yield browser
    finally:
        browser.close()

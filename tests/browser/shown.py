"""Selectors of the page's elements, and what a visitor does first."""

from playwright.sync_api import Page

READY = "#app[data-state=ready]"
ERROR = "#app[data-state=error]"
ASKING = "#app[data-state=asking]"
LIVE = "#camera[data-state=live]"


def start_camera(page: Page) -> None:
    """Start the page's camera, and wait for its first answer."""
    page.click("#camera-start")
    page.wait_for_selector(LIVE)
    page.wait_for_selector(READY)

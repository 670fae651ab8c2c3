"""The browser of tests/browser/."""

from tests.browser.conftest import browser, page, shared_context

__all__ = ["browser", "page", "shared_context"]

"""Browser pages, as in tests/browser/."""

from tests.browser.conftest import page, shared_context

__all__ = ["page", "shared_context"]

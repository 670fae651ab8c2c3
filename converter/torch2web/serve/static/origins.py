"""Which pages of other origins may read what is served (Fetch standard, CORS)."""

import re
from collections.abc import Sequence

from torch2web.errors import OptionError

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d+)?|https?://\[[0-9a-f:]+\](:\d+)?")
_LOCAL = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


def is_origin(text: str) -> bool:
    """Whether the text is an origin of pages: scheme, host in lower case, and a port or none."""
    return _ORIGIN.fullmatch(text) is not None


def require_origins(origins: Sequence[str]) -> None:
    """Raises OptionError for what is no origin of pages."""
    for origin in origins:
        if not is_origin(origin):
            expected = "expected scheme, host and port of pages, such as https://example.org"
            raise OptionError("--allow-origin", f"found {origin!r}, {expected}")


def may_read(origin: str, allowed: Sequence[str]) -> bool:
    """Whether pages of `origin` may read: `allowed`, and those of this machine, as of a development server.

    Not all: every page that a visitor has open could ask a server on this machine, and models may be private.
    """
    return origin in allowed or _LOCAL.fullmatch(origin) is not None

"""A static server for a built site."""

from torch2web.serve.static.origins import is_origin, require_origins
from torch2web.serve.static.server import (
    EVERY_ADDRESS,
    ISOLATION_HEADERS,
    LOOPBACK,
    SiteHandler,
    bind,
    create_server,
)

__all__ = [
    "EVERY_ADDRESS",
    "ISOLATION_HEADERS",
    "LOOPBACK",
    "SiteHandler",
    "bind",
    "create_server",
    "is_origin",
    "require_origins",
]

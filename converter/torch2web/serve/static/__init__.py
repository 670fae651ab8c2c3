"""A static server for a built site."""

from torch2web.serve.static.server import EVERY_ADDRESS, LOOPBACK, SiteHandler, create_server

__all__ = [
    "EVERY_ADDRESS",
    "LOOPBACK",
    "SiteHandler",
    "create_server",
]

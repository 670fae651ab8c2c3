"""The server's HTTP interface: an ASGI application."""

from torch2web.server.http.app import create_app

__all__ = ["create_app"]

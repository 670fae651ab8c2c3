"""Serves a site as nginx, Cloudflare Pages or GitHub Pages would."""

from torch2web.serve.host_emulation.create import create_emulated_server

__all__ = [
    "create_emulated_server",
]

"""Serves a site as nginx, Cloudflare Pages or GitHub Pages would."""

from torch2web.serve.host_emulation.create import create_imitation

__all__ = [
    "create_imitation",
]

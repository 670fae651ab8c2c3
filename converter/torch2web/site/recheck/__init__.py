"""Checks a built site again."""

from torch2web.site.recheck.site_check import recheck

__all__ = [
    "recheck",
]

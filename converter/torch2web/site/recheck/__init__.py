"""Checks a built site again."""

from torch2web.site.recheck.site_check import recheck, site_problems

__all__ = [
    "recheck",
    "site_problems",
]

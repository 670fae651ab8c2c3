from torch2web.site.recheck.site_check import recheck

__all__ = [
    "recheck",
]

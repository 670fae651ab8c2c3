"""The static site: written around verified models, and checked again."""

from torch2web.site.replace import full_disk_explained, require_replaceable
from torch2web.site.write import Bundle, SiteInputs, write_site

__all__ = ["Bundle", "SiteInputs", "full_disk_explained", "require_replaceable", "write_site"]

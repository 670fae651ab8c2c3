from torch2web.site.bundle import Bundle, full_disk_explained, require_replaceable, write_site

__all__ = [
    "Bundle",
    "full_disk_explained",
    "require_replaceable",
    "write_site",
]

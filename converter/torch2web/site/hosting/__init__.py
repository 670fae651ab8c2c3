"""Configuration for hosts: headers, and snippets for web servers."""

from torch2web.site.hosting.headers_file import HeaderRule, headers_of, read_headers_file
from torch2web.site.hosting.host_files import HEADERS, read_site, write_host_files
from torch2web.site.hosting.host_rules import EVERYWHERE, IMMUTABLE, REVALIDATED, Site, type_of

__all__ = [
    "EVERYWHERE",
    "HEADERS",
    "IMMUTABLE",
    "REVALIDATED",
    "HeaderRule",
    "Site",
    "headers_of",
    "read_headers_file",
    "read_site",
    "type_of",
    "write_host_files",
]

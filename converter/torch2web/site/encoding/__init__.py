"""Files compressed ahead, in Brotli's format and gzip's."""

from torch2web.site.encoding.compressed_files import precompress
from torch2web.site.encoding.content_encoding import ENCODINGS

__all__ = [
    "ENCODINGS",
    "precompress",
]

"""One file of the corpus, and a helper to encode files with Pillow."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image


@dataclass(frozen=True)
class CorpusFile:
    """A file of the corpus; `kind` groups files in the documentation's table."""

    kind: str
    name: str
    content: bytes


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()

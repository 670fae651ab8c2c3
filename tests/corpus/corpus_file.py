"""One file of the corpus, and how Pillow writes one."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image


@dataclass(frozen=True)
class CorpusFile:
    """`kind` groups files in the table of the documentation."""

    kind: str
    name: str
    content: bytes


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()

"""Reads text that people write: UTF-8, and UTF-16 or UTF-32 where a byte order mark says so.

Notepad, PowerShell's `>` and Excel write such marks. A parser behind this function never sees one.
"""

import codecs
from pathlib import Path

from torch2web.errors import TextEncodingError

_MARKS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)


def marked_encoding(content: bytes) -> tuple[str, bytes] | None:
    """The encoding that the byte order mark of `content` names, and the bytes after it; None without one."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding, content.removeprefix(mark)
    return None


def decode_text(content: bytes, source: object) -> str:
    """The text in `content`, read from `source`, with its line ends as they are. Raises TextEncodingError."""
    encoding, text = marked_encoding(content) or ("utf-8", content)
    if text is content and b"\0" in content:
        raise TextEncodingError(
            source, "it seems to be UTF-16 or UTF-32 without a byte order mark; save it as UTF-8"
        )
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as error:
        found = encoding.upper()
        if text is not content:
            problem = f"its byte order mark says {found}, but byte {error.start} after it does not fit"
        else:
            line = content.count(b"\n", 0, error.start) + 1
            byte = f"0x{content[error.start]:02X}"
            problem = f"the byte {byte} in line {line} is not {found}; is it in Windows-1252 or Latin-1?"
        raise TextEncodingError(source, f"{problem}; save it as UTF-8") from error


def read_text(path: Path) -> str:
    """The text in the file at `path`. Raises OSError and TextEncodingError."""
    return decode_text(path.read_bytes(), path)

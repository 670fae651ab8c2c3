"""Makes any text safe to print: names and titles come from files that others wrote."""

import unicodedata

_UNSAFE = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
"""Unicode's categories of what a terminal obeys or cannot show: controls, among them ESC, which begins
commands such as "clear the screen"; formats, among them those that turn the direction of text; surrogates."""

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Formats that only shape letters: Persian words and families of emoji are written with them."""


def printable(text: str, kept: str = "", encoding: str = "utf-8") -> str:
    """`text` with all such characters but those in `kept` as escapes, which show: `\\x1b`, `\\u202e`.

    Characters that `encoding` lacks are escaped too: printing them would raise UnicodeEncodeError.
    """
    shown = "".join(
        char
        if char in kept or char in _JOINERS or unicodedata.category(char) not in _UNSAFE
        else char.encode("unicode_escape").decode()
        for char in text
    )
    return shown.encode(encoding, "backslashreplace").decode(encoding)

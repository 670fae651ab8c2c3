"""QR codes as text: two rows of modules in each line of characters."""

QUIET = 4
"""Modules of light around a code, as ISO/IEC 18004 has it."""

_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def qr_lines(text: str) -> list[str]:
    """A code for `text`, to be printed in black on white."""
    import segno  # a package that the server's container does without

    rows = [list(row) for row in segno.make(text, error="l", micro=False).matrix_iter(border=QUIET)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return [
        "".join(_HALVES[bool(upper), bool(lower)] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]

"""The QR code in the terminal, module by module."""

import segno

from torch2web.cli.terminal.qr import QUIET, qr_lines

ADDRESS = "http://192.168.178.123:65535/verify.html?post=AAAAAAAAAAAAAAAAAAAAAA"


def test_lines_are_the_code_with_light_around_it() -> None:
    lines = qr_lines(ADDRESS)
    rows = [[char in halves for char in line] for line in lines for halves in ("▀█", "▄█")]
    code = segno.make(ADDRESS, error="l", micro=False)
    size = len(code.matrix)
    inside = [row[QUIET : QUIET + size] for row in rows[QUIET : QUIET + size]]
    assert inside == [[bool(module) for module in row] for row in code.matrix]
    assert sum(map(sum, rows)) == sum(map(sum, inside)), "nothing dark around it"
    assert len(lines[0]) == len(lines[-1]) == size + 2 * QUIET


def test_longest_address_fits_a_terminal_of_80_columns_and_24_rows() -> None:
    lines = qr_lines(ADDRESS)
    assert len(lines[0]) <= 80
    assert len(lines) + 3 <= 24, "with what is printed below it"

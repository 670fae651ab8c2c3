"""Forms of numbers: how they are taken apart into planes of bytes, each of which has a table of its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from torch2web.coding.runs import entropy_bits
from torch2web.coding.table import counts_of

LARGEST_INTEGER = 2**11 - 1
"""Of a multiple, by magnitude: half precision has 11 binary digits."""

SMALLEST_HALF = 2.0**-24
"""The smallest number in half precision, and the distance of the smallest ones."""

_MULTIPLES = 32
_POWERS = 30
_LOW_BITS = 4
"""See web/coder/format.h."""

_INFINITE = 0x7C00
_MINUS_ZERO = 0x8000
"""Bits of float16. The exponent of infinity is that of NaN, too."""

_MANY = 1024
"""Numbers from which on a tensor can be of multiples: smaller ones share the tables of their neighbours."""

_WIDTHS = {"F32": 4, "F16": 2}
"""Bytes of a number by the dtype of its tensor; 1 for others."""


@dataclass(frozen=True)
class Form:
    """Numbers of `width` bytes; or float16 that are integers times 2^power of the smallest."""

    width: int
    power: int | None = None

    @property
    def byte(self) -> bytes:
        """As it is stored."""
        return bytes([self.width if self.power is None else _MULTIPLES + self.power])

    def planes(self, raw: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """The planes of the numbers `raw`. Those of several bytes are rotated left by a bit, which makes
        the exponent of a float a byte; of a multiple the low bits and the high bits of its integer."""
        if self.width == 1:
            return [raw]
        numbers = raw.view(f"<u{self.width}")
        if self.power is not None:
            integers = _integers(numbers, self.power)
            low = np.asarray(integers & ((1 << _LOW_BITS) - 1), np.uint8)
            return [low, np.asarray(integers >> _LOW_BITS, np.int8).view(np.uint8)]
        rotated = (numbers << 1 | numbers >> (8 * self.width - 1)).astype(f"<u{self.width}")
        return [np.ascontiguousarray(plane) for plane in rotated.view(np.uint8).reshape(-1, self.width).T]


BYTES = Form(1)


def form_of(raw: NDArray[np.uint8], dtype: str) -> Form:
    """The form of a tensor in which it takes the fewest bytes; `dtype` as in safetensors."""
    form = Form(_WIDTHS.get(dtype, 1))
    if form.width != 2 or len(raw) < 2 * _MANY:
        return form
    power = _common_power(raw.view("<u2"))
    forms = (form,) if power is None else (form, Form(2, power))
    return min(forms, key=lambda form: sum(int(entropy_bits(counts_of(p))) for p in form.planes(raw)))


def _common_power(numbers: NDArray[np.uint16]) -> int | None:
    """The largest power that is stored with which the halves `numbers`, as bits, are all multiples.

    None where integers would be too large, or some are no integer: -0, infinite, not a number.
    """
    present = _present(numbers)
    if (present & _INFINITE == _INFINITE).any() or (present == _MINUS_ZERO).any():
        return None
    units = np.abs(_units(present)).astype(np.int64)
    together = int(np.bitwise_or.reduce(units))
    power = min((together & -together).bit_length() - 1, _POWERS - 1)  # of the lowest bit
    return power if together and int(units.max()) >> power <= LARGEST_INTEGER else None


def _integers(numbers: NDArray[np.uint16], power: int) -> NDArray[np.int16]:
    """Of halves that are multiples."""
    present = _present(numbers)
    table = np.zeros(2**16, np.int16)
    table[present] = _units(present) / 2.0**power
    found: NDArray[np.int16] = table[numbers]
    return found


def _present(numbers: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Which numbers occur."""
    return np.flatnonzero(np.bincount(numbers, minlength=2**16)).astype(np.uint16)


def _units(halves: NDArray[np.uint16]) -> NDArray[np.float64]:
    """The values of float16 by their bits, in units of the smallest."""
    return halves.view(np.float16).astype(np.float64) / SMALLEST_HALF

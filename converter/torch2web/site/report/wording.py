"""Numbers as a report writes them."""


def count(number: float) -> str:
    """A count with three digits: 2.23 million."""
    for unit, word in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if number >= unit:
            return f"{number / unit:.3g} {word}"
    return f"{number:g}"


def difference(value: float | None) -> str:
    """A small difference: 0.0351, or 3.0 × 10⁻⁶ where it has many zeros."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if value >= 0.001:
        return f"{value:.3g}" if value < 1e4 else f"{value:.1e}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

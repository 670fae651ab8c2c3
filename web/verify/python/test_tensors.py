"""First judge: the loader's tensor is what the standard library alone makes of the same file."""

from array import array

from .answers import answer
from .tensors import tensor_of_oracle


def test_tensor_by_standard_library(model: str, picture: str) -> None:
    found: bytes = answer("tensor", model, picture)
    expected = tensor_of_oracle(model, picture)
    assert len(found) == len(expected)
    assert found == expected, describe(found, expected)


def describe(found: bytes, expected: bytes) -> str:
    """How many values differ, and where first."""
    pairs = list(zip(array("f", found), array("f", expected), strict=True))
    places = [place for place, (one, other) in enumerate(pairs) if one != other]
    if not places:
        return "the same values in other bits"
    one, other = pairs[places[0]]
    return f"{len(places)} of {len(pairs)} values differ, first number {places[0]}: {one} for {other}"

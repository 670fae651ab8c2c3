"""Reads the number of classes from a state dict, for factories that take it."""

from collections.abc import Mapping

from torch import Tensor

from torch2web.errors import StateDictError

_MATRIX, _CONVOLUTION = 2, 4


def last_matrix_rows(state: Mapping[str, Tensor]) -> int | None:
    """Rows of the last matrix, or of the last 1 × 1 convolution; None without one.

    State dicts list layers in the order of the network, where the classifier is last.
    """
    rows = [value.shape[0] for value in state.values() if _is_matrix(value)]
    return int(rows[-1]) if rows else None


def rows_instead(error: StateDictError) -> int | None:
    """The number of classes that mends `error`; None unless tensors differ in their first dimension alone.

    Several matrices, such as those of auxiliary classifiers, must agree.
    """
    if error.missing or error.unexpected:
        return None
    pairs = {(found[:1], expected[:1]) for found, expected in error.misshaped.values()}
    same = all(found[1:] == expected[1:] for found, expected in error.misshaped.values())
    if len(pairs) != 1 or not same:
        return None
    ((found, _),) = pairs
    return found[0] if found else None


def _is_matrix(value: Tensor) -> bool:
    shape = value.shape
    is_pointwise = len(shape) == _CONVOLUTION and tuple(shape[2:]) == (1, 1)
    return value.is_floating_point() and (len(shape) == _MATRIX or is_pointwise)

"""Refuses mean and std of levels 0 to 255 where levels are scaled to 0 to 1."""

from collections.abc import Mapping
from typing import Any

_MAX = 4
"""Above any mean or std of scaled levels: those of a channel are at most 1, however it was normalised."""


def levels_problem(preprocessing: Mapping[str, Any], setting: str) -> tuple[str, str] | None:
    """The key, mean or std, and why its numbers do not fit `scale` of an entry; None where they may.

    `setting` says how to leave levels as they are, such as `add --scale 1`.
    """
    scale = preprocessing.get("scale", "1/255")
    if scale == 1:
        return None
    for key in ("mean", "std"):
        values = preprocessing.get(key, ())
        if high := next((value for value in values if abs(value) > _MAX), None):
            shown = repr(float(high)).removesuffix(".0")
            problem = f"{shown} is far above 1, while the scale is {scale}: is it of levels 0 to 255?"
            return key, f"{problem} Then {setting}; else divide by 255"
    return None

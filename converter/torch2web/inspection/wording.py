"""Labels and preprocessing in words, and values as options take them."""

from collections.abc import Mapping, Sequence
from typing import Any

_MAX_LABELS = 6


def likely_text(key: str, value: Any) -> str:
    """A value of `preprocessing` as an option takes it."""
    if key == "steps":
        height, width = value[0]["size"]
        return f"{height}x{width}"
    return ",".join(repr(float(number)).removesuffix(".0") for number in value)


def shown_pixels(pixels: Mapping[str, Any]) -> str:
    """`preprocessing` in words."""
    parts = [_shown_step(step) for step in pixels.get("steps", ())]
    parts += [f"{key} {likely_text(key, pixels[key])}" for key in ("mean", "std") if key in pixels]
    parts += [f"{key} {pixels[key]}" for key in ("color", "scale") if key in pixels]
    return ", ".join(parts)


def shown_labels(labels: Sequence[str]) -> str:
    """The first labels, and how many there are."""
    more = f", … {len(labels):,} in all" if len(labels) > _MAX_LABELS else ""
    return ", ".join(labels[:_MAX_LABELS]) + more


def _shown_step(step: Mapping[str, Any]) -> str:
    size = step.get("size", step.get("padding", ""))
    size = "x".join(map(str, size)) if isinstance(size, Sequence) and not isinstance(size, str) else str(size)
    return " ".join(filter(None, (step["op"], size, step.get("filter", ""))))

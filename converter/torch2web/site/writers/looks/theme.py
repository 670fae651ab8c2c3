"""The page's colours from one: readable in the light and in the dark scheme, whatever the catalogue says."""

import colorsys
from dataclasses import dataclass

DEFAULT_COLOR = "#4f46e5"

_WHITE, _INK = "#ffffff", "#0f1116"
_LIGHT, _DARK = "#f6f5f2", "#1c1f27"
"""Grounds of templates/page/10-tokens.css on which the accent is least readable."""
_CONTRAST = 5.0
"""WCAG 2 asks for 4.5."""
_STEP = 0.01


@dataclass(frozen=True)
class Scheme:
    accent: str
    accent_ink: str
    """Text on `accent`."""
    accent_soft: str
    """Ground of what is chosen."""

    def css(self) -> str:
        return f"--accent: {self.accent}; --accent-ink: {self.accent_ink}; --accent-soft: {self.accent_soft};"


@dataclass(frozen=True)
class Theme:
    """Colours as `#rrggbb`."""

    light: Scheme
    dark: Scheme

    @classmethod
    def of(cls, color: str) -> "Theme":
        """The theme of a colour, darkened or lightened until it is readable on either ground."""
        color = color or DEFAULT_COLOR
        light, dark = _readable(color, _LIGHT, -_STEP), _readable(color, _DARK, _STEP)
        return cls(
            Scheme(light, _WHITE, _mixed(light, _WHITE, 0.1)),
            Scheme(dark, _INK, _mixed(dark, _DARK, 0.18)),
        )

    def css(self) -> bytes:
        """Rules that replace the colours of templates/page/10-tokens.css."""
        dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {self.dark.css()} }} }}"
        return f"\n:root {{ {self.light.css()} }}\n{dark}\n".encode()


def channels(color: str) -> tuple[int, int, int]:
    """Red, green and blue of `#rrggbb`, 0 to 255."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return red, green, blue


def contrast(first: str, second: str) -> float:
    """Contrast of two colours as WCAG 2 defines it, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _readable(color: str, ground: str, step: float) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(value / 255 for value in channels(color)))
    while contrast(color, ground) < _CONTRAST:
        lightness = min(max(lightness + step, 0), 1)
        color = _hex(*(255 * value for value in colorsys.hls_to_rgb(hue, lightness, saturation)))
    return color


def _mixed(color: str, ground: str, share: float) -> str:
    pairs = zip(channels(color), channels(ground), strict=True)
    return _hex(*(share * one + (1 - share) * other for one, other in pairs))


def _hex(*values: float) -> str:
    return "#" + "".join(f"{round(value):02x}" for value in values)


def _luminance(color: str) -> float:
    shares = (value / 255 for value in channels(color))
    linear = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

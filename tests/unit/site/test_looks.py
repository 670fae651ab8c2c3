"""Colours, icon, card and thumbnails."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import ROOT
from tests.materials import MATERIALS
from torch2web.assets import load_assets
from torch2web.site.writers.looks import (
    CARD_SIZE,
    DEFAULT_COLOR,
    THUMBNAIL_SIZE,
    Theme,
    card_png,
    contrast,
    icon_svg,
    thumbnail,
)

COLORS = ["#000000", "#ffffff", "#ffff00", "#00897b", "#e91e63", "#808080", DEFAULT_COLOR]


@pytest.mark.parametrize("color", COLORS)
def test_any_color_becomes_readable(color: str) -> None:
    """WCAG 2 requires a contrast of 4.5 for text, on the page's backgrounds and on selected items."""
    theme = Theme.of(color)
    grounds = {"light": ("#ffffff", "#f6f5f2"), "dark": ("#12141a", "#1c1f27")}
    for name, scheme in (("light", theme.light), ("dark", theme.dark)):
        assert all(contrast(scheme.accent, ground) >= 4.5 for ground in grounds[name])
        assert contrast(scheme.accent, scheme.accent_ink) >= 4.5


def test_style_has_the_default_colors_and_grounds() -> None:
    style = (ROOT / "templates/page/10-tokens.css").read_text()
    theme = Theme.of("")
    for scheme in (theme.light, theme.dark):
        for declaration in scheme.css().rstrip(";").split("; "):
            assert f"{declaration};" in style
    for ground in ("#ffffff", "#f6f5f2", "#12141a", "#1c1f27"):
        assert ground in style


def test_readable_color_stays() -> None:
    assert Theme.of("#00695c").light.accent == "#00695c"


def test_icon_and_card_follow_the_color() -> None:
    scheme = Theme.of("#00695c").light
    assert b"#00695c" in icon_svg(scheme)
    card = card_png(scheme, "Is my cat awake?")
    image = Image.open(io.BytesIO(card))
    assert image.size == CARD_SIZE
    assert image.getpixel((5, 5)) == (0x00, 0x69, 0x5C)
    assert card == card_png(scheme, "Is my cat awake?"), "the same bytes each time"
    assert len(card) < 60_000


@pytest.mark.parametrize("title", ["שלום", "猫？", "word " * 60, "x" * 200, ""])
def test_card_takes_any_title(title: str) -> None:
    assert Image.open(io.BytesIO(card_png(Theme.of("").light, title))).size == CARD_SIZE


def test_thumbnails_are_small() -> None:
    for sample in MATERIALS.samples():
        path, content = thumbnail(sample)
        assert path == f"samples/small/{Path(sample.file_name).stem}-*.jpg"
        image = Image.open(io.BytesIO(content))
        assert image.size == (THUMBNAIL_SIZE, THUMBNAIL_SIZE)
        assert len(content) < 2500


def test_style_sheet_of_a_site_with_a_color_ends_with_it() -> None:
    css = Theme.of("#00695c").css().decode()
    assert css.startswith("\n:root { --accent: #00695c;")
    assert "prefers-color-scheme: dark" in css
    assert "--accent: #4f46e5" in load_assets().read("templates/page.css").decode()

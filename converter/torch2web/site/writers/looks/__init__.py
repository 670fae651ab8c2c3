"""How a page looks beyond its templates: colours, icon, card of shared links, thumbnails."""

from torch2web.site.writers.looks.pictures import CARD_SIZE, THUMBNAIL_SIZE, card_png, icon_svg, thumbnail
from torch2web.site.writers.looks.theme import DEFAULT_COLOR, Scheme, Theme, channels, contrast

__all__ = [
    "CARD_SIZE",
    "DEFAULT_COLOR",
    "THUMBNAIL_SIZE",
    "Scheme",
    "Theme",
    "card_png",
    "channels",
    "contrast",
    "icon_svg",
    "thumbnail",
]

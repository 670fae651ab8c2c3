"""`[site]` of models.toml: what the page is called and looks like."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from torch2web.text_files import read_text


@dataclass(frozen=True)
class SiteSettings:
    """Each is empty where the page takes it from the models."""

    title: str = ""
    """Heading of the page, and its name in tabs and shared links."""
    text: str = ""
    """The paragraph below the heading."""
    color: str = ""
    """Of buttons and bars, the icon and the card of shared links: `#rrggbb`."""
    url: str = ""
    """Where the site will be, with a slash at its end: shared links need it for their picture."""


def load_site_settings(path: Path) -> SiteSettings:
    """Read `[site]` of the catalogue at `path`, which `load_catalog` has accepted."""
    return SiteSettings(**tomllib.loads(read_text(path)).get("site", {}))

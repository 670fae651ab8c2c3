"""`[site]` of models.toml: what the page is called and looks like."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from torch2web.text_files import read_text

Samples = int | tuple[str, ...]
"""How many pictures of a folder, or which: paths relative to it."""


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
    language: str = ""
    """Of title, text, labels and names of networks (BCP 47), and of the page's words where it has them."""
    api: str = ""
    """What the models say, as a word for the server's address: `emotion` gives `/api/emotion/predict`."""
    recalibrate: str = ""
    """A server that predicts, a path or `https`, to which visitors may send pictures of the camera."""
    samples: Samples | None = None
    """Pictures of `--images` for visitors to try; None: none."""


def load_site_settings(path: Path) -> SiteSettings:
    """Read `[site]` of the catalogue at `path`, which `load_catalog` has accepted."""
    settings = tomllib.loads(read_text(path)).get("site", {})
    if isinstance(samples := settings.get("samples"), list):
        settings["samples"] = tuple(samples)
    return SiteSettings(**settings)

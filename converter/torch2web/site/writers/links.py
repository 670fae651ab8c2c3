"""Links in the page's footer to other pages of its site."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PageLink:
    path: str
    """Relative to the site, such as `report.html`."""
    text: str

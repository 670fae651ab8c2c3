"""A page in its current state on a phone and a wide screen, light and dark: pictured, judged by axe-core."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.conftest import ROOT

FOLDER = Path(os.environ.get("SCREENSHOTS") or ROOT / ".cache/screenshots")
"""Where the pictures are kept, to be looked at."""


@dataclass(frozen=True)
class Look:
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"

    def __str__(self) -> str:
        return f"{self.width}x{self.height}-{self.scheme}"


LOOKS = (Look(360, 740), Look(360, 740, "dark"), Look(1280, 800), Look(1280, 800, "dark"))
JUDGED = (LOOKS[0], LOOKS[3])
"""Both layouts and both schemes, which share no rule that axe-core could tell apart in the other two."""
OTHER_SCREENS = (Look(320, 640), Look(390, 844), Look(3840, 2160))


def look_at(page: Page, name: str, looks: tuple[Look, ...] = LOOKS) -> list[str]:
    """Keep a picture of the whole page in each look; what is wrong: axe-core's findings, cut off parts."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    for look in looks:
        page.set_viewport_size({"width": look.width, "height": look.height})
        page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")  # no colour half-way
        if page.locator("#strip:visible").count():
            page.wait_for_timeout(200)  # drawn in the new colours
        page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True)
        if look in JUDGED or look not in LOOKS:
            found += [f"{look}: {violation}" for violation in violations(page)]
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > look.width:
            found.append(f"{look}: {wide} pixels wide")
    return found

"""Peak memory of a page: of Chromium's renderer process, where Linux counts it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession


@dataclass(frozen=True)
class RendererMemory:
    """Renderers that start after it was created."""

    devtools: "CDPSession | None"
    """None in a browser that is no Chromium."""
    before: frozenset[int]
    """Processes that were there before."""

    @classmethod
    @contextmanager
    def watching(cls, browser: "Browser | None") -> "Iterator[RendererMemory]":
        """Renderers of `browser` that start inside the block."""
        if browser is None or browser.browser_type.name != "chromium":
            yield cls(None, frozenset())
            return
        devtools = browser.new_browser_cdp_session()
        try:
            yield cls(devtools, frozenset(_renderers(devtools)))
        finally:
            devtools.detach()

    def peak(self) -> int | None:
        """Most bytes that the largest of them has had resident (`VmHWM` of proc(5)); None: not known."""
        if self.devtools is None:
            return None
        found = [_peak_of(process) for process in _renderers(self.devtools) if process not in self.before]
        return max(filter(None, found), default=None)


def _renderers(devtools: "CDPSession") -> list[int]:
    """Process ids, from "SystemInfo" of the DevTools protocol."""
    processes = devtools.send("SystemInfo.getProcessInfo")["processInfo"]
    return [process["id"] for process in processes if process["type"] == "renderer"]


def _peak_of(process: int) -> int | None:
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:  # no Linux, or it has just ended
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else None

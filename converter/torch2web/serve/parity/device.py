"""Derives a browser and system name from a `User-Agent` header."""

import re

_BROWSERS = (
    # The first match counts: most browsers also contain "Chrome", and Chrome contains "Safari".
    (re.compile(r"\b(?:Edg|EdgA|EdgiOS)/([0-9]{1,5})"), "Edge"),
    (re.compile(r"\bOPR/([0-9]{1,5})"), "Opera"),
    (re.compile(r"\bSamsungBrowser/([0-9]{1,5})"), "Samsung Internet"),
    (re.compile(r"\b(?:Firefox|FxiOS)/([0-9]{1,5})"), "Firefox"),
    (re.compile(r"\bHeadlessChrome/([0-9]{1,5})"), "Headless Chrome"),
    (re.compile(r"\b(?:Chrome|CriOS)/([0-9]{1,5})"), "Chrome"),
    (re.compile(r"\bVersion/([0-9]{1,5}(?:\.[0-9]{1,5})?).*\bSafari/"), "Safari"),
)
_SYSTEMS = (
    # Frozen versions are left out: Android "10; K" in Chrome, iOS "18_6" and "18_7" in Safari since 26,
    # macOS "10_15_7" and Windows "10.0" in all browsers.
    (re.compile(r"\bAndroid 10; K\b()"), "Android"),
    (re.compile(r"\bAndroid(?: ([0-9]{1,5}))?"), "Android"),
    (re.compile(r"\biPad\b(?:.*?\bOS (?!18_[67])([0-9]{1,5}))?"), "iPadOS"),
    (re.compile(r"\biPhone\b(?:.*?\bOS (?!18_[67])([0-9]{1,5}))?"), "iOS"),
    (re.compile(r"\bWindows NT()"), "Windows"),
    (re.compile(r"\bMacintosh\b()"), "macOS"),
    (re.compile(r"\bCrOS()"), "ChromeOS"),
    (re.compile(r"\bLinux()"), "Linux"),
)


def describe_device(user_agent: str) -> str:
    """Return for example `Firefox 150 on Android 16`; only words of this module and digits, for any input."""
    browser = _first(_BROWSERS, user_agent) or "An unknown browser"
    system = _first(_SYSTEMS, user_agent) or "an unknown system"
    return f"{browser} on {system}"


def _first(kinds: tuple[tuple[re.Pattern[str], str], ...], user_agent: str) -> str:
    for pattern, name in kinds:
        if found := pattern.search(user_agent):
            return f"{name} {found[1] or ''}".rstrip()
    return ""

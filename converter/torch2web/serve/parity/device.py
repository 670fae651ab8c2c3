"""Says in words which browser on which system a `User-Agent` stands for."""

import re

_BROWSERS = (
    # The first that fits: most browsers also claim to be Chrome, and Chrome to be Safari.
    (re.compile(r"\b(?:Edg|EdgA|EdgiOS)/([0-9]{1,5})"), "Edge"),
    (re.compile(r"\bOPR/([0-9]{1,5})"), "Opera"),
    (re.compile(r"\bSamsungBrowser/([0-9]{1,5})"), "Samsung Internet"),
    (re.compile(r"\b(?:Firefox|FxiOS)/([0-9]{1,5})"), "Firefox"),
    (re.compile(r"\bHeadlessChrome/([0-9]{1,5})"), "Headless Chrome"),
    (re.compile(r"\b(?:Chrome|CriOS)/([0-9]{1,5})"), "Chrome"),
    (re.compile(r"\bVersion/([0-9]{1,5}(?:\.[0-9]{1,5})?).*\bSafari/"), "Safari"),
)
_SYSTEMS = (
    # Some say the same version for ever: Chrome of any Android "10; K", Safari since 26 of any iPhone "18_6"
    # or "18_7", and everybody of a Mac "10_15_7" and of Windows "10.0".
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
    """Such as `Firefox 150 on Android 16`; made of words of this module and digits, whatever is passed."""
    browser = _first(_BROWSERS, user_agent) or "An unknown browser"
    system = _first(_SYSTEMS, user_agent) or "an unknown system"
    return f"{browser} on {system}"


def _first(kinds: tuple[tuple[re.Pattern[str], str], ...], user_agent: str) -> str:
    for pattern, name in kinds:
        if found := pattern.search(user_agent):
            return f"{name} {found[1] or ''}".rstrip()
    return ""

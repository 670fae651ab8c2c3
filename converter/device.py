"""Says in words which browser on which system a `User-Agent` stands for."""

import re

_BROWSERS = (
    # The first that fits: most browsers also claim to be Chrome, and Chrome to be Safari.
    (re.compile(r"\b(?:Edg|EdgA|EdgiOS)/(\d+)"), "Edge"),
    (re.compile(r"\bOPR/(\d+)"), "Opera"),
    (re.compile(r"\bSamsungBrowser/(\d+)"), "Samsung Internet"),
    (re.compile(r"\b(?:Firefox|FxiOS)/(\d+)"), "Firefox"),
    (re.compile(r"\bHeadlessChrome/(\d+)"), "Chrome without a window"),
    (re.compile(r"\b(?:Chrome|CriOS)/(\d+)"), "Chrome"),
    (re.compile(r"\bVersion/(\d+(?:\.\d+)?).*\bSafari/"), "Safari"),
)
_SYSTEMS = (
    # Chrome says "Android 10; K" on every Android; Safari says of a Mac that it is "10_15_7" for ever.
    (re.compile(r"\bAndroid 10; K\b()"), "Android"),
    (re.compile(r"\bAndroid(?: (\d+))?"), "Android"),
    (re.compile(r"\biPad\b.*\bOS (\d+)"), "iPadOS"),
    (re.compile(r"\biPhone\b.*\bOS (\d+)"), "iOS"),
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
            version = found[1] or ""
            return f"{name} {version[:8]}".strip() if version.replace(".", "").isascii() else name
    return ""

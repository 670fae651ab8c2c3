"""Names of browsers and systems from user agents."""

import pytest

from torch2web.serve.parity.device import describe_device

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36", "Chrome 141 on Android"),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 SamsungBrowser/28.0 {CHROME}",
            "Samsung Internet 28 on Android",
        ),
        ("Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0", "Firefox 150 on Android 16"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox 150 on Linux"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT} Version/17.5 Safari/604.1",
            "Safari 17.5 on iOS 17",
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT} Version/26.0 Safari/604.1",
            "Safari 26.0 on iOS",
        ),
        (
            f"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) {WEBKIT} CriOS/126.0.1 Safari/604.1",
            "Chrome 126 on iPadOS 17",
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.4 Safari/605.1.15",
            "Safari 18.4 on macOS",
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/141.0",
            "Edge 141 on Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/156.0.0.0", "Headless Chrome 156 on Linux"),
        ("", "An unknown browser on an unknown system"),
        ("<script>Firefox/1<b>2 Android \x1b[31m", "Firefox 1 on Android"),
        ("Firefox/" + "9" * 1000, "Firefox 99999 on an unknown system"),
    ],
)
def test_words(user_agent: str, words: str) -> None:
    assert describe_device(user_agent) == words

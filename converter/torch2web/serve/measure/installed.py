"""Firefox and WebKit as they are installed on this machine: the commands that open an address in them."""

import os
import shutil
from pathlib import Path

_FIREFOX = ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox")
_WEBKIT = ("lib/*/webkit2gtk-4.*/MiniBrowser", "libexec/webkit2gtk-4.*/MiniBrowser")
"""WebKitGTK's own small browser, below /usr."""

_FIREFOX_SETTINGS = """
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.enabled", false);
user_pref("app.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
"""
"""No traffic of its own, and no page but the one that it is started on."""


def installed_browser(name: str, profile: Path) -> tuple[str, ...]:
    """The command that opens an address, which is to follow, in `firefox` or `webkit`; empty: not installed.

    `profile` is an empty folder, or one that does not exist, for what Firefox writes down.
    """
    if name == "firefox":
        return _firefox(profile)
    return _webkit() if name == "webkit" else ()


def _firefox(profile: Path) -> tuple[str, ...]:
    found = next(filter(None, map(shutil.which, _FIREFOX)), None)
    if found is None:
        return ()
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "user.js").write_text(_FIREFOX_SETTINGS, encoding="utf-8")
    return (found, "--headless", "--no-remote", "--profile", str(profile))


def _webkit() -> tuple[str, ...]:
    """On a screen of its own, as it has no headless mode; else on the user's."""
    browsers = [str(path) for pattern in _WEBKIT for path in sorted(Path("/usr").glob(pattern))]
    if not browsers:
        return ()
    xvfb, dbus = shutil.which("xvfb-run"), shutil.which("dbus-run-session")
    if xvfb and dbus:
        return (xvfb, "-a", dbus, "--", browsers[-1])
    return (browsers[-1],) if {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys() else ()

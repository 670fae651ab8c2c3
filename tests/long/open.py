"""Opens an address in one of Playwright's own browsers: `python -m tests.long.open NAME URL`.

Like browsers without a driver, they are started with an address and report by a POST request.
"""

import signal
import sys

from playwright.sync_api import sync_playwright


def main(name: str, url: str) -> None:
    with sync_playwright() as playwright:
        page = getattr(playwright, name).launch().new_page()
        page.goto(url)
        signal.sigwait([signal.SIGTERM, signal.SIGINT])


if __name__ == "__main__":
    # Blocked first, so that the signal waits for `sigwait`.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    main(*sys.argv[1:])

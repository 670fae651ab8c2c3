"""Browser contexts and pages, and hosts for built sites."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.browser.camera import write_video
from tests.browser.launch import launched
from tests.browser.server import Host, Hosting, hosting
from tests.conftest import Site


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A context for one test, for settings that affect all its pages."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture(scope="module")
def shared_context(browser: Browser) -> Iterator[BrowserContext]:
    """A context shared by the tests of a file."""
    context = browser.new_context()
    context.new_page()  # keeps a renderer process alive, whose start takes longer than most tests
    yield context
    context.close()


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page without state of earlier tests: each Host is a new origin."""
    if "context" in request.fixturenames:
        context: BrowserContext = request.getfixturevalue("context")
        yield context.new_page()
        return
    context = request.getfixturevalue("shared_context")
    before = list(context.pages)
    yield context.new_page()
    context.set_offline(False)
    for page in [page for page in context.pages if page not in before]:
        _leave(page)


def _leave(page: Page) -> None:
    """Close a page and clear its origin's storage, which the context would hold in memory."""
    address = urlsplit(page.url)
    if address.scheme in ("http", "https"):
        with suppress(Error):  # the page has crashed
            devtools = page.context.new_cdp_session(page)
            origin = {"origin": f"{address.scheme}://{address.netloc}"}
            devtools.send("Storage.clearDataForOrigin", {**origin, "storageTypes": "all"})
    page.close()


@pytest.fixture(scope="session")
def parted_site(shared_site: Site) -> Path:
    """The smallest demo model's site in parts of half a MiB."""
    options = ("--only", "mobilenet_emotion", "--no-verify-page", "--max-file-size", "0.5")
    return shared_site("parted", *options, "--no-precompressed")


@pytest.fixture
def quiet_page(page: Page) -> Iterator[Page]:
    """A page in which no uncaught exception may occur."""
    uncaught: list[str] = []
    page.on("pageerror", lambda error: uncaught.append(str(error)))
    yield page
    assert uncaught == []


@pytest.fixture(scope="session")
def camera_browser(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser with a camera, which asks for it as usual: without a permission it refuses."""
    video = tmp_path_factory.mktemp("camera") / "faces.y4m"
    write_video(video)
    flags = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={video}"]
    with launched(browser.browser_type, *flags) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def camera_context(camera_browser: Browser) -> Iterator[BrowserContext]:
    context = camera_browser.new_context()
    context.new_page()  # keeps a renderer process
    yield context
    context.close()


@pytest.fixture
def host_of() -> Iterator[Hosting]:
    """`host_of(site)` serves a site until the test ends."""
    with ExitStack() as stack:
        yield lambda site, **options: stack.enter_context(hosting(site, **options))


@pytest.fixture
def demo_host(demo_site: Path, pictures: dict[str, Path], host_of: Hosting) -> Host:
    """The demo site with the reference pictures below `pictures/`."""
    host = host_of(demo_site)
    host.extras = {f"pictures/{name}": path for name, path in pictures.items()}
    return host

"""The site on each host: emulated ones, and Debian's nginx with the snippet of the build."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import brotli
import pytest
from playwright.sync_api import Page

from tests.browser.nginx import BROTLI_MODULE, NO_NGINX, find_nginx, running_nginx
from tests.browser.shown import READY
from tests.browser.sites import runtime_of, script_of, style_of
from tests.patience import PATIENCE
from tests.unit.docs.snippets import documented
from torch2web.serve.host_emulation.create import EMULATED_HOSTS, create_emulated_server
from torch2web.site.hosting.host_files import read_site
from torch2web.site.hosting.host_rules import EVERYWHERE, IMMUTABLE

MODEL = "mobilenet_emotion"


@pytest.fixture(params=sorted(EMULATED_HOSTS))
def imitated(request: pytest.FixtureRequest, small_site: Path) -> Iterator[tuple[str, str]]:
    """The name of an emulated host, and the site's address on it."""
    with serving(request.param, small_site) as address:
        yield request.param, address


@contextmanager
def serving(host: str, site: Path) -> Iterator[str]:
    """Serve `site` as `host` does; yields its address."""
    with create_emulated_server(host, site, 0) as (server, prefix):
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
        server.shutdown()


@pytest.fixture
def nginx_folder(tmp_path: Path) -> Path:
    if not find_nginx():
        pytest.skip(NO_NGINX)
    return tmp_path


@pytest.fixture
def nginx(nginx_folder: Path, small_site: Path) -> Iterator[str]:
    """The site at the root of an nginx server, set up as documented."""
    block = documented("docs/hosting.md", "hosting/nginx.conf").replace("/var/www/torch2web", str(small_site))
    content = block.partition("{")[2].rpartition("}")[0].replace("listen 80;", "")
    with running_nginx(nginx_folder, content) as address:
        yield address


def fetch(url: str, accepting: str = "identity") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body as sent."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": accepting})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status, dict(response.headers), response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def predict(page: Page, address: str) -> list[str]:
    """Open the page, let it predict a sample, and return its console output."""
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(address)
    page.wait_for_selector(READY)
    page.evaluate("document.getElementById('app').dataset.state = 'asked'")
    page.click(".sample[data-src='samples/tired-1.jpg']")
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == "Tired"
    return messages


def test_page_answers_on_every_host(page: Page, imitated: tuple[str, str]) -> None:
    host, address = imitated
    assert predict(page, address) == []
    assert page.evaluate("crossOriginIsolated") is (host != "github")


def test_loader_takes_threads_where_the_host_isolates(page: Page, imitated: tuple[str, str]) -> None:
    host, address = imitated
    page.goto(f"{address}THIRD_PARTY.txt")  # the page has started with one thread, which all its loads share
    backend = page.evaluate(
        f"""async () => {{
            const {{ loadModel }} = await import("{address}torch2web.js");
            return (await loadModel("{MODEL}", {{ threads: 2 }})).backend;
        }}"""
    )
    assert backend["threads"] == (1 if host == "github" else 2)


def test_missing_file(imitated: tuple[str, str], small_site: Path) -> None:
    host, address = imitated
    status, headers, body = fetch(f"{address}nothing.js")
    assert headers["Content-Type"].startswith("text/html")
    if host == "cloudflare":
        assert (status, body) == (200, (small_site / "index.html").read_bytes())
    else:
        assert status == 404
    assert address.endswith("/project/") is (host == "github"), "as a project's pages lie"
    if host == "github":
        assert fetch(address.removesuffix("project/"))[0] == 404


def test_headers_of_a_hashed_file(imitated: tuple[str, str], small_site: Path) -> None:
    host, address = imitated
    path = script_of(small_site)
    status, headers, body = fetch(address + path)
    assert (status, body) == (200, (small_site / path).read_bytes())
    if host == "github":
        assert headers["Cache-Control"] == "max-age=600"
        assert not set(EVERYWHERE) & set(headers)
    else:
        assert headers["Cache-Control"] == IMMUTABLE
        assert EVERYWHERE.items() <= headers.items()
    assert (headers.get("Access-Control-Allow-Origin") == "*") is (host != "nginx")


def test_compressed_answer(imitated: tuple[str, str], small_site: Path) -> None:
    host, address = imitated
    style = style_of(small_site)
    _, headers, body = fetch(f"{address}{style}", "gzip, br")
    assert headers["Vary"] == "Accept-Encoding"
    if host == "cloudflare":
        assert headers["Content-Encoding"] == "br"
        assert brotli.decompress(body) == (small_site / style).read_bytes()
    else:
        assert headers["Content-Encoding"] == "gzip"
    if host == "nginx":
        assert body == (small_site / f"{style}.gz").read_bytes()
    assert fetch(f"{address}{style}", "gzip;q=0")[1].get("Content-Encoding") is None
    assert fetch(f"{address}samples/tired-1.jpg", "gzip, br")[1].get("Content-Encoding") is None


def test_cloudflare_has_pages_without_their_ending(page: Page, small_site: Path) -> None:
    with serving("cloudflare", small_site) as address:
        page.goto(f"{address}verify.html")
        assert page.url == f"{address}verify"
        headers = fetch(f"{address}verify")[1]
        assert headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")
        assert fetch(f"{address}_headers")[2] == (small_site / "index.html").read_bytes()


def test_nginx_answers_with_a_picture_s_label(page: Page, nginx: str) -> None:
    assert predict(page, nginx) == []
    assert page.evaluate("crossOriginIsolated") is True


def test_nginx_sends_every_file_as_the_rules_say(nginx: str, small_site: Path) -> None:
    paths = [path.relative_to(small_site).as_posix() for path in small_site.rglob("*") if path.is_file()]
    site = read_site(small_site, paths)
    assert len(paths) > 100
    for path in paths:
        if path.endswith((".br", ".gz")):
            continue
        status, headers, body = fetch(nginx + path)
        assert (status, body) == (200, (small_site / path).read_bytes())
        expected = site.headers(path)
        name = path.rpartition("/")[2]
        if path in site.policies and name in site.policies:  # the root has another file of this name
            expected["Content-Security-Policy"] = site.policies[name]
        assert expected.items() <= headers.items(), path
    assert fetch(nginx)[1].items() >= site.headers("index.html").items()


def test_nginx_sends_the_gzip_form_where_accepted(nginx: str, small_site: Path) -> None:
    for path in ("index.html", runtime_of(small_site)["wasm"], script_of(small_site)):
        _, headers, body = fetch(nginx + path, "gzip, br")
        assert headers["Content-Encoding"] == "gzip"
        assert headers["Vary"] == "Accept-Encoding"
        assert body == (small_site / f"{path}.gz").read_bytes()
        assert fetch(nginx + path)[1]["Vary"] == "Accept-Encoding"


def test_nginx_sends_the_brotli_form_with_its_module(nginx_folder: Path, small_site: Path) -> None:
    if not BROTLI_MODULE.is_file():
        pytest.skip(f"{BROTLI_MODULE} is not installed: nginx-brotli.conf was not tried")
    hosting = small_site / "hosting"
    server = f"root {small_site}; include {hosting}/nginx.conf; include {hosting}/nginx-brotli.conf;"
    with running_nginx(nginx_folder, server, brotli=True) as address:
        _, headers, body = fetch(f"{address}index.html", "gzip, br")
        assert headers["Content-Encoding"] == "br"
        assert headers["Vary"] == "Accept-Encoding"
        assert body == (small_site / "index.html.br").read_bytes()
        assert fetch(f"{address}index.html", "gzip")[1]["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("path", ["nothing.js", "models/parts/0123456789abcdef0123456789abcdef.bin"])
def test_nginx_does_not_let_missing_files_be_cached(nginx: str, path: str) -> None:
    status, headers, _ = fetch(nginx + path)
    assert status == 404
    assert "Cache-Control" not in headers
    assert EVERYWHERE.items() <= headers.items()


def test_nginx_serves_a_folder_of_another_site(page: Page, nginx_folder: Path, small_site: Path) -> None:
    folder = f"location /project/ {{ alias {small_site}/; include {small_site}/hosting/nginx.conf; }}"
    with running_nginx(nginx_folder, f"root {nginx_folder}; {folder}") as address:
        assert predict(page, f"{address}project/") == []
        assert page.evaluate("crossOriginIsolated") is True
        assert fetch(f"{address}project/{script_of(small_site)}")[1]["Cache-Control"] == IMMUTABLE
        assert fetch(f"{address}project/nothing.js")[0] == 404
        assert not set(EVERYWHERE) & set(fetch(f"{address}nginx.conf")[1]), "the other site is left alone"

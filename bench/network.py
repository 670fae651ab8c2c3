"""From navigation to the first prediction over a slow network, for each variant.

From an empty cache and from a full one. The network is Chromium's own emulation (DevTools protocol,
Network.emulateNetworkConditions); files are sent compressed, as Cloudflare Pages sends them.
"""

import html
import re
import socket
import statistics
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.site import COMPACT, built_site, chromium
from tests.browser.find import launch_arguments
from tests.browser.round_trips import RoundTrips, recording
from torch2web.cli.terminal.console import Output
from torch2web.serve.host_emulation.create import create_emulated_server
from torch2web.serve.static.server import LOOPBACK
from torch2web.site.manifest.check import read_manifest
from torch2web.site.writers.embed import EXAMPLE
from torch2web.site.writers.start import MAX_PARTS
from torch2web.store.hashing import integrity, sha256_of

MEGABITS, DELAY = 10, 40
"""Of the network: Mbit/s down and up, and milliseconds there and back."""
ROUNDS = 3
LARGE = 20e6
"""Bytes over which one round has to do."""
WANTED = {
    "mobilenet_emotion/compact": "1.4",
    "mobilenet_emotion/int8": "5.0",
    "landmark_cnn_emotion/int8": "56.0",
}
"""Most MB over the wire from an empty cache, where a figure was set."""
RATIO_WANTED = 0.35
"""The most that a first visit to the compiled engine may take of the time of one to onnxruntime-web."""
COMPARED = "mobilenet_emotion/int8"
"""The variant that is visited with either."""

LIBRARY = re.compile(r"torch2web|images-|tasks-|start-|engine/|models/|onnxruntime/")
"""Files of the loader, not of the page."""

PAGE = """<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
{preloads}
{parts}
<script type="module" src="first.js"></script>
"""
"""With the preloads of the lines that embed.html shows, and of the first weights of one variant."""

SCRIPT = """import { loadModel } from "./LOADER";
const [name, variant, backend] = location.search.slice(1).split("/");
const model = await loadModel(name, { variant, backends: [backend], integrity: "INTEGRITY" });
const face = await (await fetch("samples/bored-1.jpg")).blob();
const { label } = await model.predict(face);
window.first = { milliseconds: performance.now(), label, cache: model.info.cache };
"""


@dataclass
class _Visit:
    """Seconds to the first prediction and bytes over the wire, by round."""

    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def cells(self) -> tuple[str, str, str]:
        median = statistics.median(self.seconds)
        return f"{min(self.megabytes):.2f}", f"{min(self.seconds):.2f}", f"{median:.2f}"


class CountingSocket(socket.socket):
    """A connection that counts the bytes sent, since a page's own figures omit its worker's requests."""

    sent = 0

    def sendall(self, data: Any, flags: int = 0) -> None:
        CountingSocket.sent += memoryview(data).nbytes
        super().sendall(data, flags)


def count_bytes(server: Any) -> None:
    accept = server.get_request

    def counted() -> tuple[socket.socket, Any]:
        connection, address = accept()
        return CountingSocket(fileno=connection.detach()), address

    server.get_request = counted


def measure_network(output: Output) -> None:
    """Every variant in a separate browser context, `compact` too; cold and warm loads alternate."""
    options = ("--no-full-onnx", "--no-verify-page", *COMPACT)
    with (
        built_site(options=options) as site,
        create_emulated_server("cloudflare", site, 0, LOOPBACK) as (server, _),
        sync_playwright() as playwright,
    ):
        count_bytes(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{LOOPBACK}:{server.server_port}/"
        manifest = read_manifest((site / "models/model_info.json").read_bytes())
        pages = {
            f"{model['name']}/{variant['name']}": _page(site, model, variant)
            for model in manifest["models"]
            for variant in model["variants"]
        }
        for number, text in enumerate(pages.values()):
            (site / f"first{number}.html").write_text(text)
        numbers = {name: number for number, name in enumerate(pages)}
        (site / "first.js").write_text(_script(site))
        sizes = {
            f"{model['name']}/{variant['name']}/compiled": variant["weights"]["size"]
            for model in manifest["models"]
            for variant in model["variants"]
        }
        sizes[f"{COMPARED}/wasm"] = sizes[f"{COMPARED}/compiled"]
        browser = playwright.chromium.launch(executable_path=chromium(), args=launch_arguments())
        cold, warm = ({name: _Visit() for name in sizes} for _ in range(2))
        for round_number in range(ROUNDS):
            for name in [name for name, size in sizes.items() if size < LARGE or not round_number]:
                number = numbers[name.rpartition("/")[0]]
                _visit_twice(browser, f"{address}first{number}?{name}", name, cold[name], warm[name])
        default = f"{address}first{numbers[COMPARED]}?{COMPARED}/compiled"
        with recording(server) as trips:
            counted = [_round_trips(browser, visited, trips) for visited in (default, address)]
        browser.close()
        server.shutdown()
    rows = [
        (name, *cold[name].cells(), WANTED.get(name.removesuffix("/compiled"), ""), *warm[name].cells())
        for name in sizes
    ]
    headings = ("first prediction", "cold MB", "min s", "median", "wanted MB", "warm MB", "min s", "median")
    output.line(f"{MEGABITS} Mbit/s, {DELAY} ms")
    output.table(headings, rows)
    output.line(f"{COMPARED}, compiled: requests (of the loader), and in how many levels")
    visits = [(what, *row) for what, row in zip(("lines of embed.html", "index.html"), counted, strict=True)]
    output.table(("page", "first visit", "levels", "second visit", "levels"), visits)
    ratios = [
        (title, *_ratios(visits[f"{COMPARED}/compiled"], visits[f"{COMPARED}/wasm"]), wanted)
        for title, visits, wanted in (("cold", cold, f"{RATIO_WANTED}"), ("warm", warm, ""))
    ]
    output.table((f"{COMPARED}: compiled to wasm", "bytes", "seconds", "wanted"), ratios)


def _ratios(ours: _Visit, theirs: _Visit) -> tuple[str, str]:
    """Ratios of bytes and of seconds, from minima."""
    bytes_ratio = min(ours.megabytes) / min(theirs.megabytes)
    return f"{bytes_ratio:.2f}", f"{min(ours.seconds) / min(theirs.seconds):.2f}"


def _lines(site: Path) -> str:
    """The lines that embed.html shows, for this address."""
    (shown,) = re.findall('<pre id="module".*?>(.*?)</pre>', (site / "embed.html").read_text(), re.DOTALL)
    return html.unescape(shown).replace(EXAMPLE, "./")


def _page(site: Path, model: dict[str, Any], variant: dict[str, Any]) -> str:
    links = re.findall("<link.*?>", _lines(site))
    parts = [
        f'<link rel="preload" as="fetch" crossorigin href="{part["path"]}" data-size="{part["size"]}" '
        f'data-model="{model["name"]}" fetchpriority="low">'
        for part in variant["weights"]["parts"][:MAX_PARTS]
    ]
    preloads = "\n".join(link for link in links if "data-model" not in link)
    return PAGE.format(preloads=preloads, parts="\n".join(parts))


def _script(site: Path) -> str:
    (loader,) = re.findall(r'from "\./(torch2web-\w+\.js)"', _lines(site))
    pin = integrity(sha256_of(site / "models/model_info.json"))
    return SCRIPT.replace("LOADER", loader).replace("INTEGRITY", pin)


def _round_trips(browser: Browser, address: str, trips: RoundTrips) -> tuple[str, ...]:
    """Requests and levels of a first and of a second visit; responses are held back for a fixed time."""
    context = browser.new_context()
    cells: list[str] = []
    for _ in range(2):
        page = context.new_page()
        trips.start()
        page.goto(address)
        page.wait_for_function("() => window.first || document.querySelector('#app[data-state=ready]')")
        page.wait_for_load_state("networkidle")
        requests = trips.requests
        own = [request for request in requests if LIBRARY.match(request.path)]
        levels = max(request.level for request in own or requests)
        cells += [f"{len(requests)} ({len(own)})", f"{levels}"]
        page.close()
    context.close()
    return tuple(cells)


def _visit_twice(browser: Browser, address: str, name: str, cold: _Visit, warm: _Visit) -> None:
    context = browser.new_context()
    for visit in (cold, warm):
        page = context.new_page()
        _slow_down(page)
        CountingSocket.sent = 0
        page.goto(address)
        page.wait_for_function("window.first", timeout=600_000)
        first = page.evaluate("window.first")
        visit.seconds.append(first["milliseconds"] / 1000)
        visit.megabytes.append(CountingSocket.sent / 1e6)
        if visit is warm and first["cache"]["downloaded"]:
            raise SystemExit(f"{name}: {first['cache']} from a full cache")
        page.close()
    context.close()


def _slow_down(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    bytes_per_second = MEGABITS * 1e6 / 8
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": DELAY,
            "downloadThroughput": bytes_per_second,
            "uploadThroughput": bytes_per_second,
        },
    )

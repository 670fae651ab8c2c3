"""Parts that arrive wrong, each in turn: an error or a recovery, and nothing unverified is cached."""

import gzip
import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.delivery.test_downloads import HTML, flipped
from tests.browser.parted import (
    MODEL,
    ON_ONNXRUNTIME,
    SKIP_PAUSES,
    Part,
    attempt,
    hashes,
    load,
    open_page,
    parts_of,
    requested,
    stored,
)
from tests.browser.server import Fault, Host, Hosting, Outage, Pause

IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
"""As good hosts have it for names with a hash: a browser does not ask again for a wrong copy either."""

STALL = 500
"""Milliseconds, for connections from which nothing comes."""


def stalled(content: bytes) -> Fault:
    return Fault(content, cut=len(content) // 2, pause=Pause())


FAULTS: dict[str, tuple[Callable[[bytes], Fault], str, dict[str, Any], int]] = {
    "corrupted": (lambda content: Fault(flipped(content), headers=IMMUTABLE), "IntegrityError", {}, 2),
    "truncated": (
        lambda content: Fault(content[:-1], headers=IMMUTABLE),
        "IntegrityError",
        {"expected": "{size} bytes", "actual": "{less} bytes"},
        2,
    ),
    "cut": (
        lambda content: Fault(content, cut=len(content) // 2),
        "DownloadError",
        {"status": 0, "actual": "no answer, or one that broke off; is the network up?"},
        3,
    ),
    "stalled": (
        stalled,
        "DownloadError",
        {"status": 0, "actual": "nothing for 0.5 s; is the network up?"},
        3,
    ),
    "404": (
        lambda _: Fault(HTML, 404, "text/html", headers=IMMUTABLE),
        "DownloadError",
        {"status": 404, "expected": "{size} bytes"},
        2,
    ),
    "500": (lambda _: Fault(b"oh", 500, "text/plain"), "DownloadError", {"status": 500}, 3),
    "html": (lambda _: Fault(HTML, 200, "text/html", headers=IMMUTABLE), "DownloadError", {"status": 200}, 2),
}
"""By name: the fault of a part, the error's class and data, and how often the part is asked for."""


@pytest.fixture
def host(parted_site: Path, host_of: Hosting) -> Host:
    return host_of(parted_site)


@pytest.fixture
def opened(quiet_page: Page, host: Host) -> Page:
    quiet_page.add_init_script(SKIP_PAUSES)
    open_page(quiet_page, host)
    return quiet_page


def content_of(host: Host, part: Part) -> bytes:
    return (host.site / part.path).read_bytes()


def options_for(fault: str) -> dict[str, Any]:
    return {"stallTimeout": STALL} if fault == "stalled" else {}


@pytest.mark.parametrize("name", FAULTS)
def test_each_part_in_turn(opened: Page, host: Host, name: str) -> None:
    """Each part is the only one missing and arrives wrong repeatedly, then right."""
    make, error, data, tries = FAULTS[name]
    load(opened, **ON_ONNXRUNTIME)
    everything = stored(opened)
    open_page(opened, host)
    # The runtime first, since it stays loaded in the page; of its many parts the first and the last.
    wasm = parts_of(host.site, "wasm")
    wasm = wasm[:: len(wasm) - 1]
    for part in [*wasm, *parts_of(host.site, "graph", "weights")]:
        opened.evaluate("key => kept.drop(key)", part.sha256)
        host.faults = {part.path: make(content_of(host, part))}
        host.requests.clear()
        result = attempt(opened, **ON_ONNXRUNTIME, **options_for(name))
        assert result["error"] == error, result
        assert result["url"] == host.url + part.path
        for key, value in data.items():
            filled = value.format(size=part.size, less=part.size - 1) if isinstance(value, str) else value
            assert result[key] == filled
        assert requested(host) == [part.path] * tries
        assert stored(opened) == everything - {part.sha256}
        host.faults = {}
        if part.path.endswith(".bin"):
            host.requests.clear()
            load(opened, **ON_ONNXRUNTIME)
            assert requested(host) == [part.path]
            assert stored(opened) == everything
        else:
            opened.evaluate("argument => kept.fill(...argument)", [part.sha256, host.url + part.path])


@pytest.mark.parametrize("name", FAULTS)
def test_first_answer_wrong_and_the_second_right(opened: Page, host: Host, name: str) -> None:
    make = FAULTS[name][0]
    load(opened)
    part = random.Random(name).choice(parts_of(host.site, "weights"))
    opened.evaluate("key => kept.drop(key)", part.sha256)
    wrong = make(content_of(host, part))
    host.requests.clear()
    host.faults = {part.path: Fault(**{**vars(wrong), "times": 1})}
    result = load(opened, **options_for(name))
    assert requested(host) == [part.path] * 2
    assert result["cache"]["downloaded"] == part.size
    assert stored(opened) == hashes(parts_of(host.site))


def test_a_part_of_a_failed_load_is_fetched_again_and_no_other(opened: Page, host: Host) -> None:
    """In the page that saw the error, without a reload."""
    part = parts_of(host.site, "weights")[2]
    host.faults = {part.path: Fault(b"", 404)}
    assert attempt(opened)["url"] == host.url + part.path
    kept = stored(opened)
    assert part.sha256 not in kept
    host.faults = {}
    host.requests.clear()
    load(opened)
    assert sorted(requested(host)) == sorted(
        other.path for other in parts_of(host.site) if other.sha256 not in kept
    )


def test_download_cut_off_goes_on_at_the_first_missing_part(opened: Page, host: Host) -> None:
    """The network goes down after this many bytes; a reload requests only the missing parts."""
    parts = parts_of(host.site)
    total = sum(part.size for part in parts)
    draw = random.Random(20)
    browser_cache = opened.context.new_cdp_session(opened)
    for after in [draw.randrange(total) for _ in range(12)]:
        host.outage = Outage(after)
        result = attempt(opened)
        assert (result["error"], result["status"]) == ("DownloadError", 0)
        kept = stored(opened)
        missing = {part.path for part in parts if part.sha256 not in kept}
        assert after - 4 * 2**19 < sum(part.size for part in parts if part.sha256 in kept) <= after
        host.outage = None
        open_page(opened, host)
        load(opened)
        assert sorted(requested(host)) == sorted(missing)
        assert stored(opened) == hashes(parts)
        assert opened.evaluate("torch2web.clearCache()")
        browser_cache.send("Network.clearBrowserCache")
        open_page(opened, host)


def test_progress_never_exceeds_the_total_nor_falls_below_what_is_checked(opened: Page, host: Host) -> None:
    parts = parts_of(host.site, "weights")
    host.faults = {parts[1].path: Fault(flipped(content_of(host, parts[1])), times=1)}
    seen = opened.evaluate(
        """async name => {
            const seen = [];
            const onProgress = ({ loaded, total, file }) => {
                if (file === `${name}/compact`) seen.push([loaded, total]);
            };
            await torch2web.loadModel(name, { onProgress });
            return seen;
        }""",
        MODEL,
    )
    total = sum(part.size for part in parts)
    loaded = [bytes_ for bytes_, _ in seen]
    assert {each for _, each in seen} == {total}
    assert (loaded[0], loaded[-1], max(loaded)) == (0, total, total)
    steps = [after - before for before, after in itertools.pairwise(loaded)]
    assert [step for step in steps if step < 0] == [-parts[1].size], "what was lost, and no more"


def test_overall_progress_is_one_bar(opened: Page, host: Host) -> None:
    """One total, known at the first call; never decreasing; complete at the end, for a second model too."""
    parts = parts_of(host.site, "weights")
    host.faults = {parts[1].path: Fault(flipped(content_of(host, parts[1])), times=1)}
    load = """async ([name, options]) => {
        const seen = [];
        const onProgress = ({ overall, file }) => seen.push({ ...overall, file });
        await torch2web.loadModel(name, { ...options, onProgress });
        return seen;
    }"""
    for options in (ON_ONNXRUNTIME, {}, {}):
        seen = opened.evaluate(load, [MODEL, options])
        (total,) = {event["total"] for event in seen}
        loaded = [event["loaded"] for event in seen]
        assert loaded == sorted(loaded)
        assert loaded[0] < total == loaded[-1]
        assert len({event["file"] for event in seen}) >= 3


def test_exception_in_on_progress_does_not_fail_the_load(page: Page, host: Host) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_page(page, host)
    name = page.evaluate(
        """async name => {
            const onProgress = () => { throw new Error("my mistake"); };
            return (await torch2web.loadModel(name, { onProgress })).info.name;
        }""",
        MODEL,
    )
    assert name == MODEL
    assert set(errors) == {"my mistake"}
    assert len(requested(host)) == len(set(requested(host)))


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_ways_to_send_a_body(opened: Page, host: Host, framing: Any, encoding: str) -> None:
    """The size is that of the decoded bytes."""
    for part in parts_of(host.site, "weights", "plan"):
        body = content_of(host, part)
        if encoding == "gzip":
            body = gzip.compress(body)
        host.faults[part.path] = Fault(body, framing=framing, headers={"Content-Encoding": encoding})
    load(opened)
    assert len(requested(host)) == len(set(requested(host)))


def test_short_body_without_a_length_is_noticed(opened: Page, host: Host) -> None:
    """It ends like a complete one, as in HTTP/1.0."""
    part = parts_of(host.site, "weights")[1]
    host.faults = {part.path: Fault(content_of(host, part)[:-1], framing="close")}
    result = attempt(opened)
    assert (result["error"], result["actual"]) == ("IntegrityError", f"{part.size - 1} bytes")


def test_manifest_that_stalls(opened: Page, host: Host) -> None:
    host.faults = {"models/model_info.json": Fault(b"{}", cut=1, pause=Pause())}
    result = attempt(opened, stallTimeout=STALL)
    assert (result["error"], result["status"]) == ("DownloadError", 0)
    assert result["actual"].startswith("nothing for 0.5 s")


ON_ENGINE = {"backends": ["compiled"], "threads": 1, "worker": False}


def test_engine_takes_weights_while_the_last_of_them_is_on_its_way(opened: Page, host: Host) -> None:
    """It allocates memory once it knows the weights' encodings, which are in the first part."""
    pause = host.pause_at(parts_of(host.site, "weights")[-1].path)
    opened.evaluate(
        """([name, options]) => {
            const grow = WebAssembly.Memory.prototype.grow;
            WebAssembly.Memory.prototype.grow = function (pages) {
                globalThis.grown = Math.max(globalThis.grown ?? 0, pages);
                return grow.call(this, pages);
            };
            globalThis.loading = torch2web.loadModel(name, options);
            loading.then(() => { globalThis.loaded = true; });
        }""",
        [MODEL, ON_ENGINE],
    )
    opened.wait_for_function("() => globalThis.grown > 100")
    assert not opened.evaluate("globalThis.loaded")
    pause.go_on()
    assert opened.evaluate("loading.then(model => model.backend.name)") == "compiled"


@pytest.mark.parametrize("number", [0, -1], ids=["first part", "last part"])
def test_wrong_part_is_named_after_the_engine_has_started(opened: Page, host: Host, number: int) -> None:
    part = parts_of(host.site, "weights")[number]
    host.faults = {part.path: Fault(flipped(content_of(host, part)), headers=IMMUTABLE)}
    call = "([name, options]) => torch2web.loadModel(name, options).catch(probe.describe)"
    error = opened.evaluate(call, [MODEL, ON_ENGINE])
    assert error["error"] == "IntegrityError"
    assert error["expected"] == part.sha256
    host.faults = {}
    again = call.replace("catch(probe.describe)", "then(model => model.backend.name)")
    assert opened.evaluate(again, [MODEL, ON_ENGINE]) == "compiled"

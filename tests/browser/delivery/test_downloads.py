"""Files that arrive wrong: each gives an error with its details, and nothing is predicted."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Fault, Host, Hosting
from tests.browser.sites import manifest_of, model_of, runtime_of, script_of, weights_of
from torch2web.store.hashing import sha256_of

MODEL = "mobilenet_emotion"
MANIFEST = "models/model_info.json"
FILES = ("manifest", "graph", "weights", "api", "glue", "wasm")

HTML = b"<!DOCTYPE html><html><title>Not found</title></html>"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 8888762\n"


@pytest.fixture
def host(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site)


@pytest.fixture
def path(request: pytest.FixtureRequest, small_site: Path) -> str:
    """The path of the file whose role the parameter names."""
    return path_of(small_site, request.param)


def path_of(site: Path, kind: str) -> str:
    graph: str = model_of(site, MODEL)["graph"]["parts"][0]["path"]
    weights = weights_of(site, MODEL)[0]
    return {"manifest": MANIFEST, "graph": graph, "weights": weights, **runtime_of(site)}[kind]


ON_ONNXRUNTIME = """name => probe.attempt(name, () => new ImageData(9, 9), {
    backends: ["wasm"], threads: 1,
})"""
"""By the backend that fetches each of FILES."""


def attempt(page: Page, host: Host) -> dict[str, Any]:
    open_harness(page, host)
    result: dict[str, Any] = page.evaluate(ON_ONNXRUNTIME, MODEL)
    assert result["predictions"] == 0
    return result


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_whole_site_predicts(page: Page, host: Host) -> None:
    open_harness(page, host)
    result = page.evaluate(ON_ONNXRUNTIME, MODEL)
    assert result["predictions"] == 1


@pytest.mark.parametrize("path", FILES, indirect=True)
def test_changed_byte(page: Page, host: Host, small_site: Path, path: str) -> None:
    host.faults[path] = Fault(flipped((small_site / path).read_bytes()))
    result = attempt(page, host)
    assert result["error"] == "IntegrityError"
    assert result["url"] == host.url + path
    assert result["expected"] == sha256_of(small_site / path)
    assert len(result["actual"]) == 64
    assert result["actual"] != result["expected"]


@pytest.mark.parametrize("path", FILES, indirect=True)
def test_truncated(page: Page, host: Host, small_site: Path, path: str) -> None:
    content = (small_site / path).read_bytes()
    host.faults[path] = Fault(content[: len(content) // 3])
    result = attempt(page, host)
    assert result["error"] == "IntegrityError"
    assert result["url"] == host.url + path
    if path.endswith((".bin", ".wasm")):
        assert result["expected"] == f"{len(content)} bytes"
        assert result["actual"] == f"{len(content) // 3} bytes"


@pytest.mark.parametrize("fault", ["changed", "cut short", "missing", "an HTML page"])
@pytest.mark.parametrize("kind", ["engine", "plan", "weights"])
def test_files_of_the_compiled_engine(
    page: Page, host: Host, small_site: Path, kind: str, fault: str
) -> None:
    """The loader never falls back silently to another backend: a wrong file is no fault of the device."""
    manifest = manifest_of(small_site)
    (model,) = manifest["models"]
    files = [*manifest["engine"]["files"].values()] if kind == "engine" else []
    files += [model["plan"]] if kind == "plan" else []
    files += [model["variants"][0]["weights"]] if kind == "weights" else []
    paths = [part["path"] for file in files for part in file["parts"]]
    for path in paths:
        content = (small_site / path).read_bytes()
        host.faults[path] = {
            "changed": Fault(flipped(content)),
            "cut short": Fault(content[:100]),
            "missing": Fault(b"", 404),
            "an HTML page": Fault(HTML, 200, "text/html"),
        }[fault]
    open_harness(page, host)
    call = "probe.attempt(name, () => new ImageData(9, 9), { threads: undefined })"
    result = page.evaluate(f"name => {call}", MODEL)
    assert result["predictions"] == 0
    assert result["error"] == ("IntegrityError" if fault in ("changed", "cut short") else "DownloadError")
    assert result["url"].removeprefix(host.url) in paths
    host.faults.clear()
    assert page.evaluate(f"name => {call}", MODEL)["predictions"] == 1, "it can be tried again"


def test_longer_than_recorded(page: Page, host: Host, small_site: Path) -> None:
    weights = path_of(small_site, "weights")
    host.faults[weights] = Fault((small_site / weights).read_bytes() + b"\0")
    result = attempt(page, host)
    assert result["error"] == "IntegrityError"


@pytest.mark.parametrize("status", [404, 500])
@pytest.mark.parametrize("path", FILES, indirect=True)
def test_error_status(page: Page, host: Host, path: str, status: int) -> None:
    host.faults[path] = Fault(HTML, status, "text/html")
    result = attempt(page, host)
    assert result["error"] == "DownloadError"
    assert result["url"] == host.url + path
    assert result["status"] == status
    assert result["actual"] == f"HTTP status {status}"
    if path.endswith((".bin", ".wasm")):
        assert result["expected"] == f"{(host.site / path).stat().st_size} bytes"


@pytest.mark.parametrize("path", FILES, indirect=True)
def test_html_page_with_status_200(page: Page, host: Host, path: str) -> None:
    host.faults[path] = Fault(HTML, 200, "text/html")
    result = attempt(page, host)
    assert result["error"] == "DownloadError"
    assert result["url"] == host.url + path
    assert result["actual"].startswith("an HTML page")
    assert result["expected"] in result["message"]


@pytest.mark.parametrize("path", FILES, indirect=True)
def test_git_lfs_pointer(page: Page, host: Host, path: str) -> None:
    host.faults[path] = Fault(LFS)
    result = attempt(page, host)
    assert result["error"] == "DownloadError"
    assert result["url"] == host.url + path
    assert result["actual"].startswith("a Git LFS pointer")


@pytest.mark.parametrize("path", ["api", "glue"], indirect=True)
def test_script_that_changes_after_its_check_does_not_run(
    page: Page, host: Host, small_site: Path, path: str
) -> None:
    """The bytes that the browser checked are those that run, although a second request would get others.

    Except in workers, whose scripts browsers do not check: see docs/security.md.
    """
    changed = (small_site / path).read_bytes() + b"\nglobalThis.unchecked = true;"
    host.faults[path] = Fault(changed, after=1)
    open_harness(page, host)
    options = "{ backends: ['wasm'], worker: false, threads: 1 }"
    attempt = f"probe.attempt(name, () => new ImageData(9, 9), {options})"
    result = page.evaluate(f"name => {attempt}", MODEL)
    assert result["predictions"] == 1
    assert host.requests.count(path) == 1
    assert page.evaluate("globalThis.unchecked") is None


def test_unreachable_server(page: Page, host: Host) -> None:
    open_harness(page, host)
    page.context.set_offline(True)
    result = page.evaluate("name => probe.attempt(name, () => new ImageData(9, 9))", MODEL)
    assert result["error"] == "DownloadError"
    assert result["status"] == 0


@pytest.mark.parametrize("path", FILES, indirect=True)
def test_failed_load_can_be_tried_again(page: Page, host: Host, path: str) -> None:
    host.faults[path] = Fault(HTML, 200, "text/html")
    assert attempt(page, host)["error"] == "DownloadError"
    host.faults.clear()
    result = page.evaluate(ON_ONNXRUNTIME, MODEL)
    assert result["predictions"] == 1


def test_progress_counts_every_byte(page: Page, host: Host, small_site: Path) -> None:
    """Also during a file: each is held back half-way until the page reports that progress."""
    open_harness(page, host)
    files = {f"{MODEL}/compact": "weights", "onnxruntime-web": "wasm"}
    pauses = {name: host.pause_at(path_of(small_site, kind)) for name, kind in files.items()}
    page.evaluate(
        """name => {
            window.seen = [];
            const onProgress = (progress) => seen.push(progress);
            window.loading = torch2web.loadModel(name, { onProgress, backends: ["wasm"], threads: 1 });
        }""",
        MODEL,
    )
    for name, pause in pauses.items():
        page.wait_for_function(
            "name => seen.some(({ file, loaded, total }) => file === name && loaded > 0 && loaded < total)",
            arg=name,
        )
        pause.go_on()
    seen = page.evaluate("loading.then(() => seen)")
    for name, kind in files.items():
        size = (small_site / path_of(small_site, kind)).stat().st_size
        loaded = [event["loaded"] for event in seen if event["file"] == name]
        assert loaded[0] == 0
        assert loaded[-1] == size
        assert loaded == sorted(loaded)
        assert {event["total"] for event in seen if event["file"] == name} == {size}


def test_abort_stops_the_download(page: Page, host: Host, small_site: Path) -> None:
    open_harness(page, host)
    result = page.evaluate(
        """async ([name, weights]) => {
            const controller = new AbortController();
            const seen = [];
            const onProgress = ({ loaded, file }) => {
                if (file !== weights) return;
                seen.push([loaded, controller.signal.aborted]);
                if (loaded) controller.abort();
            };
            const signal = controller.signal;
            const error = await torch2web.loadModel(name, { onProgress, signal }).catch(probe.describe);
            await new Promise((resolve) => setTimeout(resolve, 300));
            return { ...error, seen };
        }""",
        [MODEL, f"{MODEL}/compact"],
    )
    assert result["error"] == "AbortError"
    arrived = [loaded for loaded, aborted in result["seen"] if not aborted]
    assert 0 < arrived[-1] <= (small_site / path_of(small_site, "weights")).stat().st_size
    assert all(loaded <= arrived[-1] for loaded, _ in result["seen"]), "nothing arrives afterwards"


PICTURE = """async () => {
    const canvas = new OffscreenCanvas(9, 9);
    canvas.getContext("2d").fillRect(0, 0, 5, 5);
    return canvas.convertToBlob();
}"""


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(b"export const plain = 1;"), "IntegrityError"),
        (Fault(b"not found", 404, "text/plain"), "DownloadError"),
        (Fault(HTML, 200, "text/html"), "DownloadError"),
    ],
    ids=["changed", "404", "html"],
)
def test_chunk_that_reads_images(page: Page, host: Host, fault: Fault, error: str) -> None:
    """It is loaded beside the model and preprocesses too: without it no image is predicted."""
    images = script_of(host.site, "images")
    host.faults[images] = fault
    open_harness(page, host)
    frame = page.evaluate("name => probe.attempt(name, () => new ImageData(9, 9))", MODEL)
    assert frame["predictions"] == 0
    assert frame["error"] == error
    result = page.evaluate(f"name => probe.attempt(name, {PICTURE})", MODEL)
    assert (result["predictions"], result["error"]) == (0, error)
    assert result["url"] == host.url + images
    del host.faults[images]
    again = page.evaluate(f"name => probe.attempt(name, {PICTURE})", MODEL)
    assert again["predictions"] == 1


def test_where_browsers_do_not_hash(page: Page, host: Host, small_site: Path) -> None:
    """As on a page from plain HTTP: the loader hashes with a script that the browser has checked."""
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined });")
    open_harness(page, host)
    assert page.evaluate("crypto.subtle === undefined")
    result = page.evaluate("name => probe.attempt(name, () => new ImageData(9, 9))", MODEL)
    assert result["predictions"] == 1, result
    weights = path_of(small_site, "weights")
    host.faults[weights] = Fault(flipped((small_site / weights).read_bytes()))
    page.evaluate("torch2web.clearCache()")
    result = attempt(page, host)
    assert result["error"] == "IntegrityError"
    assert result["actual"] != result["expected"] != ""


def test_where_browsers_do_not_hash_and_the_script_is_wrong(page: Page, host: Host) -> None:
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined });")
    host.faults[script_of(host.site, "sha256")] = Fault(b"export const sha256 = () => new Uint8Array(32);")
    result = attempt(page, host)
    assert result["error"] == "BackendError"
    assert "HTTPS" in result["message"]

"""Pages that require a signature: only the right key lets files of a model be requested."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Fault, Host, Hosting
from tests.keys import KeyPair, signed_copy, write_pair
from torch2web.site.manifest.layout import MANIFEST
from torch2web.site.signing.signature import SIGNATURE

MODEL = "mobilenet_emotion"
ATTEMPT = "([name, options]) => probe.attempt(name, () => new ImageData(9, 9), options)"
HTML = b"<!DOCTYPE html><html><title>Not found</title></html>"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return write_pair(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def site(small_site: Path, tmp_path_factory: pytest.TempPathFactory, pair: KeyPair) -> Path:
    """A signed site, to be read only."""
    return signed_copy(small_site, tmp_path_factory.mktemp("signed") / "site", pair)


@pytest.fixture
def host(page: Page, site: Path, host_of: Hosting) -> Host:
    host = host_of(site)
    open_harness(page, host)
    return host


def attempt(page: Page, public_key: object) -> dict[str, Any]:
    result: dict[str, Any] = page.evaluate(ATTEMPT, [MODEL, {"publicKey": public_key}])
    return result


def fetched(host: Host) -> set[str]:
    """Requested files of models and backends."""
    return {path for path in host.requests if path.startswith(("models/", "onnxruntime/"))}


def refusal(page: Page, host: Host, call: str, argument: object = None) -> str:
    """The reason of the refusal; no file of a model may have been requested."""
    result = page.evaluate(f"argument => ({call}).catch(probe.describe)", argument)
    assert result["error"] == "SignatureError", result
    assert result["url"] == host.url + SIGNATURE
    assert result["message"] == f"{result['url']}: {result['reason']}"
    assert fetched(host) <= {MANIFEST, SIGNATURE}
    reason: str = result["reason"]
    return reason


def load(key: str = "argument") -> str:
    return f"torch2web.loadModel('{MODEL}', {{ publicKey: {key} }})"


IMPORTED = """async ([pem, algorithm, usages]) => {
    const body = pem.split("-----")[2].trim();
    const der = Uint8Array.from(atob(body), (char) => char.charCodeAt(0));
    globalThis.imported = await crypto.subtle.importKey("spki", der, algorithm, false, usages);
}"""


def test_right_key(page: Page, host: Host, pair: KeyPair) -> None:
    assert attempt(page, pair.pem)["predictions"] == 1
    assert host.requests.count(SIGNATURE) == 1


def test_right_key_as_crypto_key(page: Page, host: Host, pair: KeyPair) -> None:
    page.evaluate(IMPORTED, [pair.pem, {"name": "ECDSA", "namedCurve": "P-256"}, ["verify"]])
    assert page.evaluate(f"{load('imported')}.then(({{ info }}) => info.name)") == MODEL


def test_pages_that_do_not_ask_for_it(page: Page, host: Host) -> None:
    result = page.evaluate(ATTEMPT, [MODEL, {}])
    assert result["predictions"] == 1
    assert not [path for path in host.requests if path == SIGNATURE or path.startswith("manifest-")]


def test_ensemble_requires_it_too(page: Page, host: Host, pair: KeyPair, tmp_path: Path) -> None:
    call = f"torch2web.loadEnsemble(['{MODEL}'], {{ publicKey: argument }})"
    assert "publicKey does not fit" in refusal(page, host, call, write_pair(tmp_path).pem)
    assert page.evaluate(f"pem => {call.replace('argument', 'pem')}.then(() => 'loaded')", pair.pem)


def test_other_key(page: Page, host: Host, tmp_path: Path) -> None:
    reason = refusal(page, host, load(), write_pair(tmp_path).pem)
    assert reason.startswith("found a signature that publicKey does not fit")
    assert SIGNATURE in host.requests


def test_damaged_signature(page: Page, host: Host, site: Path, pair: KeyPair) -> None:
    """All other faults are tested without a browser, in tests/loader/test_signature.py."""
    host.faults[SIGNATURE] = Fault((site / SIGNATURE).read_bytes()[:100])
    assert "cut short" in refusal(page, host, load(), pair.pem)
    host.faults.clear()
    assert attempt(page, pair.pem)["predictions"] == 1


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (Fault(b"not found", 404, "text/plain"), "found HTTP status 404, expected a signature"),
        (Fault(HTML, 404, "text/html"), "found HTTP status 404, expected a signature"),
        (Fault(HTML, 200, "text/html"), "found an HTML page"),
    ],
    ids=["404", "404 html", "html"],
)
def test_missing(page: Page, host: Host, pair: KeyPair, fault: Fault, found: str) -> None:
    host.faults[SIGNATURE] = fault
    reason = refusal(page, host, load(), pair.pem)
    assert reason.startswith(found)
    assert "build with --sign" in reason
    host.faults.clear()
    assert attempt(page, pair.pem)["predictions"] == 1


def test_unsigned_site(page: Page, small_site: Path, host_of: Hosting, pair: KeyPair) -> None:
    host = host_of(small_site)
    open_harness(page, host)
    assert "404" in refusal(page, host, load(), pair.pem)


@pytest.mark.parametrize("key", ["undefined", "null", "''"])
def test_what_is_no_key(page: Page, host: Host, key: str) -> None:
    """A missing key must not turn the check off."""
    assert "publicKey: found" in refusal(page, host, load(key))


def test_where_browsers_do_not_check(page: Page, host: Host, pair: KeyPair) -> None:
    """As on a page from plain HTTP: loading works without a required signature, and is refused with one."""
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined });")
    open_harness(page, host)
    # Without a worker, since a script that the test adds does not reach workers.
    inline = {"worker": False}
    signed = page.evaluate(ATTEMPT, [MODEL, {**inline, "publicKey": pair.pem}])
    assert signed["error"] == "SignatureError"
    assert "serve this page over HTTPS" in signed["message"]
    assert page.evaluate(ATTEMPT, [MODEL, inline])["predictions"] == 1


def test_abort_stays_an_abort(page: Page, host: Host, pair: KeyPair) -> None:
    call = f"torch2web.loadModel('{MODEL}', {{ publicKey: pem, signal: AbortSignal.abort() }})"
    assert page.evaluate(f"pem => {call}.catch(probe.describe)", pair.pem)["error"] == "AbortError"


def test_changed_manifest_is_another_build(page: Page, host: Host, site: Path, pair: KeyPair) -> None:
    """The loader pins the manifest's hash: the error is that of another build."""
    host.faults[MANIFEST] = Fault((site / MANIFEST).read_bytes() + b"\n")
    assert attempt(page, pair.pem)["error"] == "IntegrityError"


def test_chunk_that_verifies_signatures(page: Page, host: Host, site: Path, pair: KeyPair) -> None:
    """The chunk is checked like every script, and works under a strict policy."""
    [part] = [path.name for path in site.glob("manifest-*.js")]
    text = (site / part).read_text()
    assert "eval(" not in text
    assert "Function(" not in text
    host.faults[part] = Fault(text.encode() + b"\nglobalThis.unchecked = true;")
    assert attempt(page, pair.pem)["error"] == "IntegrityError"
    assert page.evaluate("globalThis.unchecked") is None
    assert fetched(host) <= {MANIFEST, SIGNATURE}

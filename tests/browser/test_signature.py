"""Pages that insist on a signature: the right key loads, and nothing else lets a byte of a model come."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Fault, Host, Hosting
from tests.keys import KeyPair, read_signature, resigned, signed_copy, write_pair
from torch2web.site.manifest.layout import MANIFEST
from torch2web.site.signing.keys import SigningKey
from torch2web.site.signing.signature import SIGNATURE, sign_manifest

MODEL = "mobilenet_emotion"
ATTEMPT = "([name, options]) => probe.attempt(name, () => new ImageData(9, 9), options)"
HTML = b"<!DOCTYPE html><html><title>Not found</title></html>"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return write_pair(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def site(small_site: Path, tmp_path_factory: pytest.TempPathFactory, pair: KeyPair) -> Path:
    """A signed site. Tests read it and never write."""
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
    """What was asked for of the models and of what runs them."""
    return {path for path in host.requests if path.startswith(("models/", "onnxruntime/"))}


def refusal(page: Page, host: Host, call: str, argument: object = None) -> str:
    """The reason that a call is refused with, before anything of a model was asked for."""
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


def test_right_key_with_windows_line_ends_and_text_around(page: Page, host: Host, pair: KeyPair) -> None:
    text = f"our key\r\n{pair.pem}".replace("\n", "\r\n")
    assert attempt(page, text)["predictions"] == 1


def test_right_key_as_crypto_key(page: Page, host: Host, pair: KeyPair) -> None:
    page.evaluate(IMPORTED, [pair.pem, {"name": "ECDSA", "namedCurve": "P-256"}, ["verify"]])
    assert page.evaluate(f"{load('imported')}.then(({{ info }}) => info.name)") == MODEL


def test_pages_that_do_not_ask_for_it(page: Page, host: Host) -> None:
    result = page.evaluate(ATTEMPT, [MODEL, {}])
    assert result["predictions"] == 1
    assert not [path for path in host.requests if path == SIGNATURE or path.startswith("signature")]


def test_ensemble_insists_too(page: Page, host: Host, pair: KeyPair, tmp_path: Path) -> None:
    call = f"torch2web.loadEnsemble(['{MODEL}'], {{ publicKey: argument }})"
    assert "publicKey does not fit" in refusal(page, host, call, write_pair(tmp_path).pem)
    assert page.evaluate(f"pem => {call.replace('argument', 'pem')}.then(() => 'loaded')", pair.pem)


def test_other_key(page: Page, host: Host, tmp_path: Path) -> None:
    reason = refusal(page, host, load(), write_pair(tmp_path).pem)
    assert reason.startswith("found a signature that publicKey does not fit")
    assert SIGNATURE in host.requests


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_altered_bytes(page: Page, host: Host, site: Path, pair: KeyPair) -> None:
    """Of the payload, of the signature, and of what holds them."""
    bundle = (site / SIGNATURE).read_bytes()
    envelope = json.loads(bundle)["dsseEnvelope"]
    payload = bundle.index(envelope["payload"].encode())
    signature = bundle.index(envelope["signatures"][0]["sig"].encode())
    places = [0, 3, bundle.index(b'"dsse') + 1, len(bundle) - 1]
    places += range(payload, payload + len(envelope["payload"]) - 4, 97)
    places += range(signature, signature + 90, 7)
    for place in places:
        host.faults[SIGNATURE] = Fault(flipped(bundle, place))
        assert refusal(page, host, load(), pair.pem), place
    host.faults.clear()
    assert attempt(page, pair.pem)["predictions"] == 1


@pytest.mark.parametrize("length", [1, 100, 900, -1])
def test_truncated(page: Page, host: Host, site: Path, pair: KeyPair, length: int) -> None:
    host.faults[SIGNATURE] = Fault((site / SIGNATURE).read_bytes()[:length])
    assert "cut short" in refusal(page, host, load(), pair.pem)


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"7", b'{"dsseEnvelope": {}}', b"\xff"])
def test_other_files(page: Page, host: Host, pair: KeyPair, content: bytes) -> None:
    host.faults[SIGNATURE] = Fault(content)
    assert "expected a sigstore bundle" in refusal(page, host, load(), pair.pem)


@pytest.mark.parametrize(
    ("key", "value"),
    [("mediaType", "application/json"), ("payloadType", "text/plain"), ("signatures", [])],
)
def test_other_kinds_of_bundle(
    page: Page, host: Host, site: Path, pair: KeyPair, key: str, value: object
) -> None:
    bundle = json.loads((site / SIGNATURE).read_bytes())
    (bundle if key in bundle else bundle["dsseEnvelope"])[key] = value
    host.faults[SIGNATURE] = Fault(json.dumps(bundle).encode())
    assert "found another kind of file" in refusal(page, host, load(), pair.pem)


def test_signature_of_another_manifest(
    page: Page, host: Host, small_site: Path, pair: KeyPair, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(small_site, tmp_path / "other"))
    (other / MANIFEST).write_bytes((other / MANIFEST).read_bytes() + b"\n")
    sign_manifest(other, SigningKey.read(pair.private))
    host.faults[SIGNATURE] = Fault((other / SIGNATURE).read_bytes())
    assert refusal(page, host, load(), pair.pem).startswith("it signs another model_info.json: found digest")


@pytest.mark.parametrize("payload", [b"{}", b"[]", b"text", b"\xff", b'{"subject": 7}'])
def test_what_is_signed_is_no_statement(
    page: Page, host: Host, site: Path, pair: KeyPair, payload: bytes
) -> None:
    host.faults[SIGNATURE] = Fault(resigned(site, pair, payload))
    assert "it signs no model" in refusal(page, host, load(), pair.pem)


@pytest.mark.parametrize(("key", "value"), [("_type", "other"), ("predicateType", "other"), ("subject", [])])
def test_other_statements(page: Page, host: Host, site: Path, pair: KeyPair, key: str, value: object) -> None:
    statement = {**json.loads(read_signature(site)[0]), key: value}
    host.faults[SIGNATURE] = Fault(resigned(site, pair, json.dumps(statement).encode()))
    assert "it signs no model" in refusal(page, host, load(), pair.pem)


def lengths(der: bytes) -> tuple[int, int]:
    """Bytes of the two numbers in DER, as they are written there."""
    return der[3], der[5 + der[3]]


@pytest.mark.parametrize(
    "wanted",
    [
        lambda der: lengths(der) == (32, 32),
        lambda der: lengths(der) == (33, 33),
        lambda der: lengths(der)[0] < 32,
        lambda der: lengths(der)[1] < 32,
    ],
    ids=["no zeros", "zeros before both", "short r", "short s"],
)
def test_numbers_of_every_length(
    page: Page, host: Host, site: Path, pair: KeyPair, wanted: Callable[[bytes], bool]
) -> None:
    """DER drops leading zeros and adds some; WebCrypto wants 32 bytes each."""
    host.faults[SIGNATURE] = Fault(resigned(site, pair, wanted=wanted))
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


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_other_curve(page: Page, host: Host, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    reason = refusal(page, host, load(), write_pair(tmp_path, curve).pem)
    assert reason.startswith("publicKey: found another key")
    assert "expected the public key of an ECDSA key on P-256" in reason


def test_private_key(page: Page, host: Host, pair: KeyPair) -> None:
    reason = refusal(page, host, load(), pair.private.read_text())
    assert "found a private key. It must not be in a page" in reason


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("undefined", "found undefined"),
        ("null", "found null"),
        ("''", "found text without -----BEGIN PUBLIC KEY-----"),
        ("'text'", "found text without -----BEGIN PUBLIC KEY-----"),
        ("{}", "found [object Object]"),
        ("'-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----'", "cut short"),
        ("'-----BEGIN PUBLIC KEY-----%-----END PUBLIC KEY-----'", "cut short"),
    ],
)
def test_what_is_no_key(page: Page, host: Host, key: str, found: str) -> None:
    """A key that is not there by mistake must not turn the check off."""
    assert found in refusal(page, host, load(key))


def test_crypto_keys_that_do_not_fit(page: Page, host: Host, pair: KeyPair, tmp_path: Path) -> None:
    page.evaluate(IMPORTED, [pair.pem, {"name": "ECDH", "namedCurve": "P-256"}, []])
    assert "found one for ECDH P-256, usable for nothing" in refusal(page, host, load("imported"))
    other = write_pair(tmp_path, ec.SECP384R1())
    page.evaluate(IMPORTED, [other.pem, {"name": "ECDSA", "namedCurve": "P-384"}, ["verify"]])
    assert "found one for ECDSA P-384, usable for verify" in refusal(page, host, load("imported"))
    page.evaluate(
        """async () => {
            const algorithm = { name: "ECDSA", namedCurve: "P-256" };
            const pair = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
            globalThis.imported = pair.privateKey;
        }"""
    )
    assert "found one for ECDSA P-256, usable for sign" in refusal(page, host, load("imported"))


def test_where_browsers_do_not_check(page: Page, host: Host, pair: KeyPair) -> None:
    """As on a page from plain HTTP: a model without a signature loads there, one that needs it does not."""
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined });")
    open_harness(page, host)
    # Without a worker, which a script that the test adds does not reach.
    inline = {"worker": False}
    signed = page.evaluate(ATTEMPT, [MODEL, {**inline, "publicKey": pair.pem}])
    assert signed["error"] == "SignatureError"
    assert "serve this page over HTTPS" in signed["message"]
    assert page.evaluate(ATTEMPT, [MODEL, inline])["predictions"] == 1


def test_abort_stays_an_abort(page: Page, host: Host, pair: KeyPair) -> None:
    call = f"torch2web.loadModel('{MODEL}', {{ publicKey: pem, signal: AbortSignal.abort() }})"
    assert page.evaluate(f"pem => {call}.catch(probe.describe)", pair.pem)["error"] == "AbortError"


def test_changed_manifest_is_the_builds_matter(page: Page, host: Host, site: Path, pair: KeyPair) -> None:
    """The loader has its hash: that it is not of the same build comes first."""
    host.faults[MANIFEST] = Fault((site / MANIFEST).read_bytes() + b"\n")
    assert attempt(page, pair.pem)["error"] == "IntegrityError"


def test_part_that_checks(page: Page, host: Host, site: Path, pair: KeyPair) -> None:
    """It is checked itself, as every script is, and needs nothing that a strict policy forbids."""
    [part] = [path.name for path in site.glob("signature*.js")]
    text = (site / part).read_text()
    assert "eval(" not in text
    assert "Function(" not in text
    host.faults[part] = Fault(text.encode() + b"\nglobalThis.unchecked = true;")
    assert attempt(page, pair.pem)["error"] == "IntegrityError"
    assert page.evaluate("globalThis.unchecked") is None
    assert fetched(host) <= {MANIFEST, SIGNATURE}

"""Signatures of a manifest, checked by the loader's code in Node: refusals and their messages."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.keys import KeyPair, read_signature, resigned, write_pair
from tests.loader.test_typescript import FOLDER, run_node
from torch2web.site.manifest.layout import MANIFEST
from torch2web.site.signing.keys import SigningKey
from torch2web.site.signing.signature import SIGNATURE, sign_manifest

Problems = Callable[..., list[str]]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return write_pair(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, pair: KeyPair) -> Path:
    """A signed folder with a manifest alone. Tests read it and never write."""
    folder = tmp_path_factory.mktemp("signed")
    (folder / MANIFEST).parent.mkdir()
    (folder / MANIFEST).write_bytes(b'{"schema_version": 1}\n')
    sign_manifest(folder, SigningKey.read(pair.private))
    return folder


@pytest.fixture
def problems(site: Path, pair: KeyPair, tmp_path: Path) -> Problems:
    """`problems(bundle, …, key=…)`: why each bundle is refused, or ""; by default the site's."""

    def check(*bundles: bytes, key: object = pair.pem, **how: Any) -> list[str]:
        cases = [
            {"bundle": encode(bundle), "file": encode((site / MANIFEST).read_bytes()), "key": key, **how}
            for bundle in bundles or [(site / SIGNATURE).read_bytes()]
        ]
        path = tmp_path / "cases.json"
        path.write_text(json.dumps(cases))
        result = run_node(FOLDER / "signature.ts", path)
        assert result.returncode == 0, result.stdout
        found: list[str] = json.loads(result.stdout)
        assert len(found) == len(cases)
        return found

    return check


def encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


P256 = {"name": "ECDSA", "namedCurve": "P-256"}


def test_right_key(problems: Problems, pair: KeyPair) -> None:
    assert problems() == [""]
    assert problems(key=f"our key\r\n{pair.pem}".replace("\n", "\r\n")) == [""]
    assert problems(algorithm=P256, usages=["verify"]) == [""]


def test_any_altered_byte(problems: Problems, site: Path) -> None:
    """Bytes of the payload, the signature and the bundle around them."""
    bundle = (site / SIGNATURE).read_bytes()
    envelope = json.loads(bundle)["dsseEnvelope"]
    payload = bundle.index(envelope["payload"].encode())
    signature = bundle.index(envelope["signatures"][0]["sig"].encode())
    places = [0, 3, bundle.index(b'"dsse') + 1, len(bundle) - 1]
    places += range(payload, payload + len(envelope["payload"]) - 4)
    places += range(signature, signature + 90)
    altered = [bundle[:place] + bytes([bundle[place] ^ 1]) + bundle[place + 1 :] for place in places]
    assert "" not in problems(*altered)


def test_truncated(problems: Problems, site: Path) -> None:
    bundle = (site / SIGNATURE).read_bytes()
    for reason in problems(*(bundle[:length] for length in range(1, len(bundle)))):
        assert "cut short" in reason


def test_other_files(problems: Problems) -> None:
    for reason in problems(b"", b"null", b"[]", b"7", b'{"dsseEnvelope": {}}', b"\xff"):
        assert "expected a sigstore bundle" in reason


def test_other_kinds_of_bundle(problems: Problems, site: Path) -> None:
    changed = []
    for key, value in (("mediaType", "application/json"), ("payloadType", "text/plain"), ("signatures", [])):
        bundle = json.loads((site / SIGNATURE).read_bytes())
        (bundle if key in bundle else bundle["dsseEnvelope"])[key] = value
        changed.append(json.dumps(bundle).encode())
    bundle = json.loads((site / SIGNATURE).read_bytes())
    bundle["dsseEnvelope"]["signatures"] *= 2
    for reason in problems(*changed, json.dumps(bundle).encode()):
        assert "found another kind of file" in reason


def test_signature_of_another_manifest(problems: Problems, site: Path, pair: KeyPair, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / MANIFEST).parent.mkdir(parents=True)
    (other / MANIFEST).write_bytes((site / MANIFEST).read_bytes() + b"\n")
    sign_manifest(other, SigningKey.read(pair.private))
    (reason,) = problems((other / SIGNATURE).read_bytes())
    assert reason.startswith("it signs another model_info.json: found digest")


def test_other_statements(problems: Problems, site: Path, pair: KeyPair) -> None:
    """Signed with the right key, but not a statement as model-signing makes it."""
    statement = json.loads(read_signature(site)[0])
    payloads = [b"{}", b"[]", b"text", b"\xff", b'{"subject": 7}']
    changes: tuple[dict[str, Any], ...] = ({"_type": "other"}, {"predicateType": "other"}, {"subject": []})
    payloads += [json.dumps({**statement, **change}).encode() for change in changes]
    payloads += [json.dumps({**statement, "subject": statement["subject"] * 2}).encode()]
    for reason in problems(*(resigned(site, pair, payload) for payload in payloads)):
        assert "it signs no model" in reason


def lengths(der: bytes) -> tuple[int, int]:
    """Encoded lengths of the two integers in a DER signature."""
    return der[3], der[5 + der[3]]


def test_integers_of_every_length(problems: Problems, site: Path, pair: KeyPair) -> None:
    """DER drops leading zeros and adds sign bytes; WebCrypto takes 32 bytes for each integer."""
    wanted: list[Callable[[bytes], bool]] = [
        lambda der: lengths(der) == (32, 32),
        lambda der: lengths(der) == (33, 33),
        lambda der: lengths(der)[0] < 32,
        lambda der: lengths(der)[1] < 32,
    ]
    assert problems(*(resigned(site, pair, wanted=one) for one in wanted)) == [""] * 4


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_other_curve(problems: Problems, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    (reason,) = problems(key=write_pair(tmp_path, curve).pem)
    assert reason.startswith("publicKey: found another key")
    assert "expected the public key of an ECDSA key on P-256" in reason


def test_private_key(problems: Problems, pair: KeyPair) -> None:
    (reason,) = problems(key=pair.private.read_text())
    assert "found a private key. It must not be in a page" in reason


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (None, "found null"),
        ("", "found text without -----BEGIN PUBLIC KEY-----"),
        ("text", "found text without -----BEGIN PUBLIC KEY-----"),
        ({}, "found [object Object]"),
        ("-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----", "cut short"),
        ("-----BEGIN PUBLIC KEY-----%-----END PUBLIC KEY-----", "cut short"),
    ],
)
def test_what_is_no_key(problems: Problems, key: object, found: str) -> None:
    (reason,) = problems(key=key)
    assert found in reason


def test_crypto_keys_that_do_not_fit(problems: Problems, tmp_path: Path) -> None:
    (reason,) = problems(algorithm={"name": "ECDH", "namedCurve": "P-256"}, usages=[])
    assert "found one for ECDH P-256, usable for nothing" in reason
    other = write_pair(tmp_path, ec.SECP384R1()).pem
    (reason,) = problems(key=other, algorithm={"name": "ECDSA", "namedCurve": "P-384"}, usages=["verify"])
    assert "found one for ECDSA P-384, usable for verify" in reason
    (reason,) = problems(algorithm=P256, generate=True)
    assert "found one for ECDSA P-256, usable for sign" in reason

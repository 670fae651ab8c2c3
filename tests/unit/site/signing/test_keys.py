"""Signing keys, and files that are not keys."""

import base64
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.conftest import run_build
from tests.keys import KeyPair, write_pair
from tests.unit.site.signing.test_signature import check
from torch2web.errors import KeyFileError
from torch2web.site.signing.keys import UNLOCKED_BY, PublicKey, SigningKey
from torch2web.site.signing.signature import sign_manifest

MAKE_KEY = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem"


def test_encrypted_key(small_site: Path, tmp_path: Path) -> None:
    pair = write_pair(tmp_path, password="pass wörd")
    for password in (None, ""):
        with pytest.raises(KeyFileError, match=rf"it is encrypted and {UNLOCKED_BY} is not set"):
            SigningKey.read(pair.private, password)
    with pytest.raises(KeyFileError, match=rf"the password in {UNLOCKED_BY} does not open it"):
        SigningKey.read(pair.private, "another")
    key = SigningKey.read(pair.private, "pass wörd")
    assert "pass" not in repr(key).removeprefix(f"SigningKey(path={pair.private!r}")
    site = Path(shutil.copytree(small_site, tmp_path / "site"))
    sign_manifest(site, key)
    assert "is signed with" in check(site, pair)


def test_password_without_need(tmp_path: Path) -> None:
    """As where the variable is always set."""
    assert SigningKey.read(write_pair(tmp_path).private, "password").password is None


def test_password_of_the_environment(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = write_pair(tmp_path, password="secret")
    monkeypatch.setenv(UNLOCKED_BY, "secret")
    site = tmp_path / "site"
    build = ("--only", "mobilenet_emotion", "--no-verify-page", "--out", site, "--cache", cache)
    result = run_build(*build, "--sign", pair.private)
    assert result.returncode == 0, result.stderr
    assert "is signed with" in check(site, pair)


@pytest.mark.parametrize(
    "curve", [ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1()], ids=lambda curve: curve.name
)
def test_other_curves(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    pair = write_pair(tmp_path, curve)
    found = rf"found a key for the curve {curve.name}, expected P-256 .*; make one: {MAKE_KEY}"
    with pytest.raises(KeyFileError, match=found):
        SigningKey.read(pair.private)
    with pytest.raises(KeyFileError, match=found):
        PublicKey.read(pair.public)


def test_other_algorithm(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    path = tmp_path / "rsa.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyFileError, match="found a key for RSA, expected P-256"):
        SigningKey.read(path)


@pytest.mark.parametrize("content", [b"", b"text", b"\0" * 500, b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(
        KeyFileError, match=f"found something else, .* as this makes one: {MAKE_KEY}"
    ) as caught:
        SigningKey.read(path)
    assert (caught.value.exit_code, caught.value.path) == (2, path)
    with pytest.raises(KeyFileError, match="expected a public key in PEM, as this makes one: openssl pkey"):
        PublicKey.read(path)


def test_truncated_key(tmp_path: Path, pair: KeyPair) -> None:
    body = base64.b64decode("".join(pair.private.read_text().splitlines()[1:-1]))
    path = tmp_path / "key.pem"
    for length in range(0, len(body), 10):
        text = base64.b64encode(body[:length]).decode()
        path.write_text(f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
        with pytest.raises(KeyFileError):
            SigningKey.read(path)


def test_where_no_file_is(tmp_path: Path) -> None:
    for read in (SigningKey.read, PublicKey.read):
        with pytest.raises(KeyFileError, match="found no such file"):
            read(tmp_path / "none.pem")
        with pytest.raises(KeyFileError, match="found no regular file"):
            read(tmp_path)


def test_key_that_changes_during_the_build(site: Path, tmp_path: Path) -> None:
    key = SigningKey.read(write_pair(tmp_path).private)
    key.path.write_text("gone")
    with pytest.raises(KeyFileError, match="it changed while it was in use"):
        sign_manifest(site, key)

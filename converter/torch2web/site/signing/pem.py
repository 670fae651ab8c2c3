"""Reads the keys that manifests are signed with and checked by: ECDSA on P-256, in PEM.

model-signing supports two more curves with other hashes; the loader supports this one.
"""

import hashlib
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from torch2web.errors import KeyFileError
from torch2web.site.signing.keys import UNLOCKED_BY
from torch2web.text_files import marked_encoding

_MAKE_PRIVATE = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem"
_MAKE_PUBLIC = "openssl pkey -in key.pem -pubout -out key.pub.pem"
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)
"""What `cryptography` raises for bytes that it cannot use."""


def password_of(path: Path, password: str | None) -> bytes | None:
    """The password of the private key in `path`; None where it is not encrypted. Raises KeyFileError."""
    content = _content(path, _MAKE_PRIVATE)
    try:
        key, used = load_pem_private_key(content, None), None
    except TypeError as error:  # it is encrypted
        if not password:
            problem = f"it is encrypted and {UNLOCKED_BY} is not set; put its password there"
            raise KeyFileError(path, problem) from error
        key, used = _decrypted(path, content, password)
    except (ValueError, UnsupportedAlgorithm) as error:
        found = "a public key" if b"PUBLIC KEY" in content else "something else"
        problem = f"found {found}, expected a private key in PEM, as this makes one: {_MAKE_PRIVATE}"
        raise KeyFileError(path, problem) from error
    _require_p256(path, key, ec.EllipticCurvePrivateKey)
    return used


def sha256_of_public_key(path: Path) -> str:
    """SHA-256, in hex, of the PEM form of the public key in `path`. Raises KeyFileError."""
    content = _content(path, _MAKE_PUBLIC)
    try:
        key = load_pem_public_key(content)
    except _UNREADABLE as error:
        found = "the private key" if b"PRIVATE KEY" in content else "something else"
        problem = f"found {found}, expected a public key in PEM, as this makes one: {_MAKE_PUBLIC}"
        raise KeyFileError(path, problem) from error
    _require_p256(path, key, ec.EllipticCurvePublicKey)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(pem).hexdigest()


def _content(path: Path, command: str) -> bytes:
    """Bytes of a regular file: model-signing reads it a second time, which a pipe does not stand."""
    if not path.is_file():
        found = "no regular file" if path.exists() else "no such file"
        raise KeyFileError(path, f"found {found}, expected a key in PEM, as this makes one: {command}")
    content = path.read_bytes()
    marked = marked_encoding(content)
    if marked and marked[0] != "utf-8":
        raise KeyFileError(path, f"it is text in {marked[0].upper()}; save it as UTF-8")
    return content


def _decrypted(path: Path, content: bytes, password: str) -> tuple[Any, bytes]:
    try:
        return load_pem_private_key(content, password.encode()), password.encode()
    except _UNREADABLE as error:
        problem = f"the password in {UNLOCKED_BY} does not open it; is it another key's?"
        raise KeyFileError(path, problem) from error


def _require_p256(path: Path, key: object, kind: type) -> None:
    """Raise KeyFileError for a key of another algorithm or curve."""
    curve = getattr(key, "curve", None)
    if isinstance(key, kind) and isinstance(curve, ec.SECP256R1):
        return
    algorithm = type(key).__name__.removeprefix("_").removesuffix("PublicKey").removesuffix("PrivateKey")
    found = f"the curve {curve.name}" if isinstance(curve, ec.EllipticCurve) else algorithm
    problem = f"found a key for {found}, expected P-256 (prime256v1), the curve that the loader checks"
    raise KeyFileError(path, f"{problem}; make one: {_MAKE_PRIVATE}")

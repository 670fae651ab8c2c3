"""Key pairs, sites signed with them, and hand-made signatures."""

import base64
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from torch2web.site.manifest.layout import SUMS
from torch2web.site.signing.keys import SigningKey
from torch2web.site.signing.signature import SIGNATURE, sign_manifest

PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True)
class KeyPair:
    """Paths of a private key and its public key."""

    private: Path
    public: Path
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        """The public key in PEM, as a page passes it."""
        return self.public.read_text()


def write_pair(folder: Path, curve: ec.EllipticCurve | None = None, password: str = "") -> KeyPair:
    """Write a new key pair into `folder`, on P-256 unless another curve is given."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(curve or ec.SECP256R1())
    encryption: KeySerializationEncryption = NoEncryption()
    if password:
        encryption = BestAvailableEncryption(password.encode())
    pair = KeyPair(folder / "key.pem", folder / "key.pub.pem", key)
    pair.private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    pair.public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return pair


def signed_copy(site: Path, target: Path, pair: KeyPair) -> Path:
    """Copy a built site and sign the copy as `--sign` does. Its small files may be written to."""
    shutil.copytree(site, target, copy_function=_copy_small)
    record = sign_manifest(target, SigningKey.read(pair.private))
    lines = [*(target / SUMS).read_text().splitlines(), f"{record.sha256}  {record.path}"]
    (target / SUMS).write_text("\n".join(sorted(lines, key=lambda line: line[66:])) + "\n")
    return target


def _copy_small(source: str, target: str) -> None:
    """Copy a file of at most a mebibyte, and link to a larger one."""
    (shutil.copyfile if Path(source).stat().st_size <= 2**20 else os.link)(source, target)


def read_signature(site: Path) -> tuple[bytes, bytes]:
    """The payload and the DER signature of a site's bundle."""
    envelope = json.loads((site / SIGNATURE).read_bytes())["dsseEnvelope"]
    return base64.b64decode(envelope["payload"]), base64.b64decode(envelope["signatures"][0]["sig"])


def encoded(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: the bytes that are signed."""
    return f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} ".encode() + payload


def resigned(
    site: Path,
    pair: KeyPair,
    payload: bytes | None = None,
    wanted: Callable[[bytes], bool] = lambda _: True,
) -> bytes:
    """The site's bundle signed anew, of another payload if given, until `wanted(signature)` is true."""
    bundle = json.loads((site / SIGNATURE).read_bytes())
    content = read_signature(site)[0] if payload is None else payload
    while not wanted(der := pair.key.sign(encoded(content), ec.ECDSA(SHA256()))):
        pass
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(content).decode()
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(der).decode()
    return json.dumps(bundle).encode()

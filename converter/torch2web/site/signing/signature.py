"""Signs a site's manifest and checks such signatures, by OpenSSF's model-signing with a pair of keys.

The manifest is all that is signed: it has the SHA-256 of every file that takes part in a prediction. ECDSA
draws a random number for each signature, so that two signatures of the same manifest differ.
"""

import base64
import hashlib
import json
from pathlib import Path

from torch2web.errors import KeyFileError, SignatureError
from torch2web.site.signing.keys import PublicKey, SigningKey
from torch2web.store import FileRecord, write_bytes_hashed

SIGNATURE = "models/model_info.json.sig"
_SIGNED = SIGNATURE.removesuffix(".sig")


def sign_manifest(root: Path, key: SigningKey) -> FileRecord:
    """Write the signature of the manifest in `root` beside it. Raises KeyFileError."""
    sign_file(root / _SIGNED, root / SIGNATURE, key)
    # Written once more for its record: model-signing takes a path and nothing else.
    return write_bytes_hashed(root, SIGNATURE, (root / SIGNATURE).read_bytes())


def sign_file(path: Path, signature: Path, key: SigningKey) -> None:
    """Write the signature of the file in `path`. Raises KeyFileError."""
    from model_signing.signing import Config  # takes 0.3 s, which other builds need not wait for

    # Annotated as str, but passed on to a function that accepts bytes only.
    password: str | None = key.password  # type: ignore[assignment]
    try:
        signer = Config().use_elliptic_key_signer(private_key=key.path, password=password)
        signer.sign(path, signature)
    except (ValueError, TypeError) as error:
        raise KeyFileError(key.path, f"it changed while it was in use: {error}; try again") from error


def check_signature(site: Path, key: PublicKey | None) -> str:
    """Describe the site's signature in one line; empty for an unsigned site checked without a key.

    Raises SignatureError where there is a key and no signature by it.
    """
    if key is None:
        is_signed = (site / SIGNATURE).is_file()
        return f"{_SIGNED} is signed, which was not checked: --public-key KEY does" if is_signed else ""
    if not (site / SIGNATURE).is_file():
        problem = f"there is none, expected one that {key.path} fits; build with --sign"
        raise SignatureError(SIGNATURE, problem)
    from model_signing.verifying import Config

    try:
        verifier = Config().use_elliptic_key_verifier(public_key=key.path)
        verifier.verify(site / _SIGNED, site / SIGNATURE)
    except Exception as error:  # a malformed file can raise anything; it is not a valid signature
        raise SignatureError(SIGNATURE, _reason(site, key)) from error
    return f"{_SIGNED} is signed with the private key of {key.path}"


def _reason(site: Path, key: PublicKey) -> str:
    """The reason for which model-signing refused a signature, derived from the file."""
    try:
        bundle = json.loads((site / SIGNATURE).read_bytes())
        used = bundle["verificationMaterial"]["publicKey"]["hint"]
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        signed = statement["subject"][0]["digest"]["sha256"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return "it is no signature that model-signing makes with a key, or was cut short; sign again"
    if used != key.sha256:
        return (
            f"it was made with another key: found one with SHA-256 {used}, expected {key.sha256} of "
            f"{key.path}; name the public key that belongs to it"
        )
    try:
        expected = _digest_of(site / _SIGNED)
    except OSError as error:
        return f"the signed file cannot be read: {error}"
    if signed != expected:
        return f"it signs another {_SIGNED}: found digest {signed}, expected {expected}; sign again"
    return "it was changed after it was made; sign again"


def _digest_of(manifest: Path) -> str:
    """What model-signing notes of a single file: SHA-256 of its list of digests, which has one entry."""
    return hashlib.sha256(hashlib.sha256(manifest.read_bytes()).digest()).hexdigest()

"""Signatures of the manifest by OpenSSF's model-signing."""

from torch2web.site.signing.keys import UNLOCKED_BY, PublicKey, SigningKey
from torch2web.site.signing.signature import SIGNATURE, check_signature, sign_file, sign_manifest

__all__ = [
    "SIGNATURE",
    "UNLOCKED_BY",
    "PublicKey",
    "SigningKey",
    "check_signature",
    "sign_file",
    "sign_manifest",
]

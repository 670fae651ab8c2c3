"""Keys that manifests are signed with and checked by. Reading one needs the extra `signing`."""

from dataclasses import dataclass, field
from pathlib import Path

from torch2web.errors import MissingExtraError

UNLOCKED_BY = "TORCH2WEB_SIGN_PASSWORD"
"""Environment variable with the password of an encrypted private key: arguments are visible to others."""


@dataclass(frozen=True)
class SigningKey:
    """A private key on P-256 that can be read. Made by `read`."""

    path: Path
    password: bytes | None = field(default=None, repr=False)
    """None where the file is not encrypted."""

    @classmethod
    def read(cls, path: Path, password: str | None = None) -> "SigningKey":
        """Check the key in `path`. Raises KeyFileError or MissingExtraError."""
        try:
            from torch2web.site.signing.pem import password_of
        except ImportError as error:
            raise MissingExtraError("--sign", "signing") from error
        return cls(path, password_of(path, password))


@dataclass(frozen=True)
class PublicKey:
    """A public key on P-256. Made by `read`."""

    path: Path
    sha256: str
    """Of its PEM form, in hex: signatures name the key that checks them by it."""

    @classmethod
    def read(cls, path: Path) -> "PublicKey":
        """Check the key in `path`. Raises KeyFileError or MissingExtraError."""
        try:
            from torch2web.site.signing.pem import sha256_of_public_key
        except ImportError as error:
            raise MissingExtraError("--public-key", "signing") from error
        return cls(path, sha256_of_public_key(path))

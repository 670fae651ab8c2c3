"""What the server is told: limits, workers, who may ask."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from torch2web.errors import OptionError
from torch2web.serve.static import require_origins
from torch2web.store import usable_cores

MIB = 1024 * 1024


@dataclass(frozen=True)
class ApiSettings:
    """Options of `serve --api`. Raises OptionError for values that cannot be used."""

    site: Path
    workers: int = 1
    """Processes, each with a session of its own."""
    max_batch: int = 2
    """Pictures that are computed at once, at most; on CPUs larger batches take longer for each."""
    max_wait: float = 4
    """Milliseconds that a picture waits for others that arrive, to be computed with them, at most."""
    max_queue: int = 64
    """Requests that a worker has accepted and not answered, at most; more are answered with 503."""
    max_bytes: int = 10 * MIB
    """Size of a picture's file."""
    max_pixels: int = 50_000_000
    """Pixels of a picture, also while it is resized."""
    timeout: float = 10
    """Seconds from the first byte of a request to its answer."""
    grace: float = 10
    """Seconds that accepted requests have to end in when the server stops."""
    origins: tuple[str, ...] = ()
    """Origins of other sites whose pages may ask; pages of the server's own origin always may."""
    token_digest: bytes = field(default=b"", repr=False)
    """SHA-256 of the bearer token that requests must have; empty: anyone may ask."""
    default_model: str = ""
    """Name of the model that answers where the address names none; empty: as the site recommends."""
    pages: bool = True
    """Whether the site's files are served too."""

    def __post_init__(self) -> None:
        for option, value, least, most in (
            ("--workers", self.workers, 1, 256),
            ("--max-batch", self.max_batch, 1, 1024),
            ("--max-wait", self.max_wait, 0, 10_000),
            ("--max-queue", self.max_queue, 1, 100_000),
            ("--max-upload", self.max_bytes / MIB, 1 / 1024, 1024),
            ("--max-pixels", self.max_pixels / 1e6, 0.001, 1000),
            ("--timeout", self.timeout, 0.1, 3600),
            ("--grace", self.grace, 0, 3600),
        ):
            if not least <= value <= most:  # NaN neither
                raise OptionError(option, f"found {value:g}, expected {least:g} to {most:g}")
        require_origins(self.origins)

    @property
    def threads(self) -> int:
        """Threads of each worker's session, and as many that decode: the cores, shared out."""
        return max(1, usable_cores() // self.workers)


def digest_of(token: str) -> bytes:
    """What is kept of a bearer token. Raises OptionError for one that no header can carry."""
    if not re.fullmatch(r"[\x21-\x7e]{16,4096}", token):
        expected = "expected at least 16 printable ASCII characters without spaces"
        raise OptionError("--token-file", f"found a token of {len(token)} characters, {expected}")
    return hashlib.sha256(token.encode()).digest()

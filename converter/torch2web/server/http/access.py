"""Who may ask: a bearer token, and pages of which origins."""

import hashlib
import hmac

from starlette.requests import Request

from torch2web.errors import RequestError
from torch2web.server.settings import ApiSettings


def require_access(request: Request, settings: ApiSettings) -> None:
    """Raise RequestError for a request without the token, or from a page of an origin that is not allowed."""
    origin = request.headers.get("origin", "")
    if origin and origin not in settings.origins and not _is_own(request, origin):
        found = f"found a page of {origin[:200]!r}"
        raise RequestError(403, f"{found}, which may not ask this server; --allow-origin allows it")
    if not settings.token_digest:
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
    # Digests, so that neither time nor length tells how much of a token is right.
    if not hmac.compare_digest(digest, settings.token_digest) or scheme.lower() != "bearer":
        raise RequestError(401, "found no valid token, expected the header Authorization: Bearer TOKEN")


def _is_own(request: Request, origin: str) -> bool:
    """Whether a page of this server asks, under whichever name it was reached."""
    return origin.partition("://")[2] == request.headers.get("host", "")

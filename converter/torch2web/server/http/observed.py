"""Around each request: its number, its line in the log, its figures, and an answer to whatever goes wrong."""

import re
import time
import traceback
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from torch2web.errors import RequestError, ServerError
from torch2web.server.log import log
from torch2web.server.metrics import Metrics

REQUEST_ID = "x-request-id"
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


def error_response(scope: Scope, error: RequestError | ServerError) -> JSONResponse:
    """The answer that says what was found and what was expected."""
    status = error.status if isinstance(error, RequestError) else 500
    scope["state"]["problem"] = str(error)
    body = {
        "error": {"type": type(error).__name__, "status": status, "message": str(error)},
        "request_id": scope["state"]["id"],
    }
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, RequestError) and error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, headers=headers)


class Observed:
    """Middleware of ASGI."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        given = Headers(scope=scope).get(REQUEST_ID, "")
        state: dict[str, Any] = scope.setdefault("state", {})
        state["id"] = given if _ID.fullmatch(given) else uuid4().hex

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = state["id"]
                headers.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        except Exception as error:  # a worker answers, whatever went wrong with one request
            failed = error if isinstance(error, ServerError) else ServerError("an error inside of the server")
            log("error", request_id=state["id"], error="".join(traceback.format_exception(error)))
            if status:
                raise
            await error_response(scope, failed)(scope, receive, send_observed)
        finally:
            route, seconds = state.get("route", "pages"), time.perf_counter() - started
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            if route != "pages" or status >= 400:
                log(
                    "request",
                    request_id=state["id"],
                    method=scope["method"],
                    path=scope["path"][:200],
                    status=status,
                    ms=round(1000 * seconds, 2),
                    **state.get("facts", {}),
                    **({"problem": state["problem"][:500]} if "problem" in state else {}),
                )

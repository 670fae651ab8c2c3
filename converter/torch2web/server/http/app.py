"""The application: routes, and what they answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from torch2web.errors import RequestError
from torch2web.server.http.access import require_access
from torch2web.server.http.docs_page import POLICY, docs_page
from torch2web.server.http.observed import REQUEST_ID, Observed, error_response
from torch2web.server.http.openapi import openapi_of
from torch2web.server.http.predict import Predictor
from torch2web.server.http.site_files import SiteFiles
from torch2web.server.inference import Engine
from torch2web.server.metrics import Metrics, all_metrics
from torch2web.server.settings import ApiSettings

_NO_STORE = {"Cache-Control": "no-store"}

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Api:
    """The endpoints of one worker."""

    engine: Engine
    settings: ApiSettings
    predictor: Predictor = field(repr=False)

    async def predict_default(self, request: Request) -> Response:
        return await self._predict(request, self.engine.site.default)

    async def predict_named(self, request: Request) -> Response:
        return await self._predict(request, request.path_params["name"])

    async def _predict(self, request: Request, name: str) -> Response:
        request.state.route = "predict"
        if request.method != "POST":  # by hand: the site's files would match otherwise
            raise RequestError(405, f"found {request.method}, expected POST with a picture")
        require_access(request, self.settings)
        return await self.predictor.answer(request, name)

    async def models(self, request: Request) -> Response:
        request.state.route = "models"
        require_access(request, self.settings)
        site = self.engine.site
        found: dict[str, Any] = {
            "default": site.default,
            "manifest_sha256": site.manifest_sha256,
            "models": [model.facts() for model in site.models.values()],
        }
        return JSONResponse(found, headers=_NO_STORE)

    async def unknown(self, request: Request) -> Response:
        request.state.route = "unknown"
        require_access(request, self.settings)
        raise RequestError(404, "there is no such address; /docs lists those of this server")

    async def health(self, request: Request) -> Response:
        request.state.route = "healthz"
        closing = self.predictor.closing
        body = {"status": "closing" if closing else "ok", "default": self.engine.site.default}
        return JSONResponse(body, 503 if closing else 200, headers=_NO_STORE)

    async def metrics(self, request: Request) -> Response:
        request.state.route = "metrics"
        require_access(request, self.settings)
        return Response(
            all_metrics(), media_type="text/plain; version=0.0.4; charset=utf-8", headers=_NO_STORE
        )

    async def openapi(self, request: Request) -> Response:
        request.state.route = "docs"
        return JSONResponse(openapi_of(self.engine.site, self.settings))

    async def docs(self, request: Request) -> Response:
        request.state.route = "docs"
        page = docs_page(self.engine.site, self.settings, str(request.base_url).rstrip("/").lower())
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY, **_NO_STORE})

    def routes(self) -> list[BaseRoute]:
        """All of them; what is none of these is a file of the site."""
        site, any_method = self.engine.site, ["GET", "POST", "PUT", "PATCH", "DELETE"]
        found: list[BaseRoute] = [
            Route("/api/models", self.models),
            Route("/api/models/{name}/predict", self.predict_named, methods=any_method),
            Route("/api/predict", self.predict_default, methods=any_method),
            Route("/healthz", self.health),
            Route("/metrics", self.metrics),
            Route("/openapi.json", self.openapi),
            Route("/docs", self.docs),
        ]
        if site.route:
            found.append(Route(f"/api/{site.route}/predict", self.predict_default, methods=any_method))
        found.append(Route("/api/{rest:path}", self.unknown, methods=any_method))
        if self.settings.pages:
            found.append(Mount("/", SiteFiles(directory=site.folder, html=True)))
        return found


def create_app(engine: Engine, settings: ApiSettings, metrics: Metrics) -> tuple[Starlette, Predictor]:
    """The application, and what tells it that the worker will end."""
    predictor = Predictor(engine, settings, metrics)
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.origins),
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type"],
        expose_headers=["retry-after", REQUEST_ID],
        max_age=600,
    )
    app = Starlette(
        routes=Api(engine, settings, predictor).routes(),
        middleware=[*([cors] if settings.origins else []), Middleware(Observed, metrics=metrics)],
        exception_handlers={RequestError: _refused, HTTPException: _refused_by_starlette},
    )
    return app, predictor


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return error_response(request.scope, error)


async def _refused_by_starlette(request: Request, error: Exception) -> Response:
    """No such address, or another method."""
    assert isinstance(error, HTTPException)
    problem = f"{request.method} {request.url.path[:200]}: {error.detail}"
    response = error_response(request.scope, RequestError(error.status_code, problem))
    response.headers.update(error.headers or {})
    return response

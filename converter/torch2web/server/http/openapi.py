"""The description of the interface by OpenAPI 3.1, made from the site."""

from typing import Any

from torch2web.server.inference import ServedSite
from torch2web.server.settings import MIB, ApiSettings

_NUMBERS = {"type": "array", "items": {"type": "number"}}
_TEXT = {"type": "string"}
_ENTRY = {
    "type": "object",
    "properties": {"label": _TEXT, "index": {"type": "integer"}, "probability": {"type": "number"}},
}
_TIMINGS = ("receive", "decode", "preprocess", "queue", "inference", "total")

_PREDICTION = {
    "type": "object",
    "required": ["model", "logits", "image", "timings", "batch"],
    "properties": {
        "model": {
            "type": "object",
            "properties": {
                "name": _TEXT,
                "version": _TEXT,
                "sha256": {**_TEXT, "description": "of the ONNX file that computed"},
                "labels": {"type": "array", "items": _TEXT},
            },
        },
        "label": {**_TEXT, "description": "of classifiers: the most probable label"},
        "index": {"type": "integer", "description": "its place in model.labels"},
        "confidence": {"type": "number"},
        "probabilities": {**_NUMBERS, "description": "in the order of model.labels"},
        "top": {"type": "array", "items": _ENTRY},
        "labels": {
            "type": "array",
            "items": _ENTRY,
            "description": "of independent labels: those that apply",
        },
        "embedding": {**_NUMBERS, "description": "of embeddings"},
        "values": {
            "type": "array",
            "description": "of regressions",
            "items": {
                "type": "object",
                "properties": {"name": _TEXT, "value": {"type": "number"}, "unit": _TEXT},
            },
        },
        "logits": {**_NUMBERS, "description": "outputs of the network as they are"},
        "image": {
            "type": "object",
            "properties": {"width": {"type": "integer"}, "height": {"type": "integer"}},
        },
        "timings": {
            "type": "object",
            "description": "milliseconds",
            "properties": {name: {"type": "number"} for name in _TIMINGS},
        },
        "batch": {"type": "integer", "description": "pictures that were computed together"},
    },
}

_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"type": _TEXT, "status": {"type": "integer"}, "message": _TEXT},
        },
        "request_id": _TEXT,
    },
}

STATUSES = {
    400: "the request is not as described",
    401: "the token is missing or wrong",
    403: "a page of an origin that is not allowed asked",
    404: "there is no such model",
    408: "the picture did not arrive in time",
    413: "the file or the picture is too large",
    415: "the content is of no type that can be read",
    422: "the picture is damaged",
    500: "the model cannot answer",
    503: "the server is busy: try again after Retry-After seconds",
    504: "there was no answer in time",
}
"""What refused requests are answered with."""


def openapi_of(site: ServedSite, settings: ApiSettings) -> dict[str, Any]:
    """openapi.json."""
    default, paths = site.models[site.default], {}
    for path in predict_paths(site):
        paths[path] = {"post": _predict(f"Predict with {default.title}", path, settings)}
    named = _predict("Predict with a model of the site", "/api/models/{name}/predict", settings)
    schema = {"type": "string", "enum": list(site.models)}
    named["parameters"] = [{"name": "name", "in": "path", "required": True, "schema": schema}]
    paths["/api/models/{name}/predict"] = {"post": named}
    for path, summary in (
        ("/api/models", "The models of the site, with versions and hashes"),
        ("/healthz", "Whether this worker answers"),
        ("/metrics", "Figures for Prometheus"),
    ):
        kind = "text/plain" if path == "/metrics" else "application/json"
        answer = {"description": "as summarised", "content": {kind: {}}}
        paths[path] = {"get": {"summary": summary, "responses": {"200": answer}}}
    schemes = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "torch2web", "version": default.version},
        "paths": paths,
        "components": {
            "schemas": {"Prediction": _PREDICTION, "Error": _ERROR},
            **({"securitySchemes": schemes} if settings.token_digest else {}),
        },
        **({"security": [{"token": []}]} if settings.token_digest else {}),
    }


def predict_paths(site: ServedSite) -> list[str]:
    """Addresses of the model that answers by default."""
    return [*([f"/api/{site.route}/predict"] if site.route else []), "/api/predict"]


def _predict(summary: str, path: str, settings: ApiSettings) -> dict[str, Any]:
    file = {"type": "string", "format": "binary"}
    image = {"type": "string", "contentEncoding": "base64"}
    answers = {str(status): _answer(text, "Error") for status, text in STATUSES.items()}
    return {
        "summary": summary,
        "operationId": path.strip("/").replace("/", "_").replace("{", "").replace("}", ""),
        "requestBody": {
            "required": True,
            "description": f"A picture of at most {settings.max_bytes / MIB:g} MiB and "
            f"{settings.max_pixels / 1e6:g} million pixels",
            "content": {
                "multipart/form-data": {
                    "schema": {"type": "object", "required": ["image"], "properties": {"image": file}}
                },
                "image/*": {"schema": file},
                "application/octet-stream": {"schema": file},
                "application/json": {
                    "schema": {"type": "object", "required": ["image"], "properties": {"image": image}}
                },
            },
        },
        "responses": {"200": _answer("the answer", "Prediction"), **answers},
    }


def _answer(description: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}

"""The endpoint that predicts: admits, reads, computes and answers, each within its limit."""

import asyncio
import math
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from torch2web.errors import RequestError
from torch2web.server.http.body import drain, read_picture_bytes
from torch2web.server.inference import Engine, Prediction, answer_of
from torch2web.server.metrics import Metrics
from torch2web.server.settings import ApiSettings


class Predictor:
    """Counts the requests that were accepted, so that no more wait than are answered in time."""

    def __init__(self, engine: Engine, settings: ApiSettings, metrics: Metrics) -> None:
        self._engine, self._settings, self._metrics = engine, settings, metrics
        self._accepted = 0
        self._seconds_each = 0.05
        """Moving average of the time from one answer to the next under load."""
        self.closing = False

    async def answer(self, request: Request, name: str) -> Response:
        """The answer of the model `name`. Raises RequestError or ServerError."""
        try:
            return await self._admit(request, name)
        except RequestError:
            await drain(request, 2 * self._settings.max_bytes)
            raise

    async def _admit(self, request: Request, name: str) -> Response:
        if name not in self._engine.site.models:
            known = ", ".join(self._engine.site.models)
            raise RequestError(404, f"found no model {name[:100]!r}, expected one of {known}")
        if self._accepted >= self._settings.max_queue or self.closing:
            raise RequestError(503, "the server is busy; try again later", self._retry_after())
        self._accepted += 1
        self._metrics.accepted.inc()
        try:
            return await self._within_time(request, name)
        finally:
            self._accepted -= 1
            self._metrics.accepted.dec()

    async def _within_time(self, request: Request, name: str) -> Response:
        started, reading = time.perf_counter(), True
        try:
            async with asyncio.timeout(self._settings.timeout):
                content = await read_picture_bytes(request, self._settings.max_bytes)
                reading = False
                received = time.perf_counter()
                prediction = await self._engine.predict(name, content)
        except TimeoutError as error:
            if reading:
                raise RequestError(408, "the picture did not arrive in time") from error
            problem = f"there was no answer within {self._settings.timeout:g} s"
            raise RequestError(504, problem, self._retry_after()) from error
        self._note(prediction)
        request.state.facts = {
            "model": name,
            "bytes": len(content),
            "width": prediction.picture.width,
            "height": prediction.picture.height,
            "batch": prediction.computed.batch,
        }
        return JSONResponse(_body(prediction, received - started, time.perf_counter() - started))

    def _note(self, prediction: Prediction) -> None:
        computed, picture = prediction.computed, prediction.picture
        each = computed.computing / computed.batch
        self._seconds_each += 0.05 * (each - self._seconds_each)
        self._metrics.observe(prediction.model.name, picture, computed)

    def _retry_after(self) -> int:
        """Seconds until the requests that wait will be answered."""
        return min(60, max(1, math.ceil(self._accepted * self._seconds_each)))


def _body(prediction: Prediction, receiving: float, total: float) -> dict[str, Any]:
    model, picture, computed = prediction.model, prediction.picture, prediction.computed
    timings = {
        "receive": 1000 * receiving,
        "decode": picture.decode_ms,
        "preprocess": picture.preprocess_ms,
        "queue": 1000 * computed.queued,
        "inference": 1000 * computed.computing,
        "total": 1000 * total,
    }
    return {
        "model": {
            "name": model.name,
            "version": model.version,
            "sha256": model.sha256,
            "labels": list(model.labels),
        },
        **answer_of(model, computed.outputs),
        "image": {"width": picture.width, "height": picture.height},
        "timings": {key: round(value, 3) for key, value in timings.items()},
        "batch": computed.batch,
    }

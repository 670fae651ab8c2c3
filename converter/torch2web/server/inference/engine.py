"""All that a worker computes with: threads that decode, one that runs sessions, a queue for each model."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from torch2web.errors import ServerError
from torch2web.server.inference.batching import Batcher, Computed
from torch2web.server.inference.pictures import Picture, read_picture
from torch2web.server.inference.session import ModelSession
from torch2web.server.inference.site_models import ServedModel, ServedSite
from torch2web.server.settings import ApiSettings


@dataclass(frozen=True)
class Prediction:
    model: ServedModel
    picture: Picture
    computed: Computed


class Engine:
    """The models of a site in one worker. Sessions are opened when they are first asked."""

    def __init__(self, site: ServedSite, settings: ApiSettings) -> None:
        self.site, self._settings = site, settings
        self._decoders = ThreadPoolExecutor(settings.threads, "decode")
        self._runner = ThreadPoolExecutor(1, "run")
        """One thread for all sessions, whose own threads use the cores."""
        self._batchers: dict[str, Batcher] = {}
        self._opening: dict[str, asyncio.Task[Batcher]] = {}
        self._decoding: dict[object, float] = {}
        """When each picture that is being decoded was begun."""

    async def open(self, name: str) -> Batcher:
        """The queue of a model, whose session is opened once. Raises ServerError."""
        if name in self._batchers:
            return self._batchers[name]
        task = self._opening.get(name)
        if task is None:
            task = self._opening[name] = asyncio.create_task(self._open(name))
        try:
            # Shielded: a caller that goes away leaves it to the others.
            self._batchers[name] = await asyncio.shield(task)
        except ServerError:
            self._opening.pop(name, None)  # the next caller tries again
            raise
        return self._batchers[name]

    async def predict(self, name: str, content: bytes) -> Prediction:
        """Raises RequestError or ServerError."""
        batcher, model = await self.open(name), self.site.models[name]
        with batcher.expecting():
            picture = await self._decode(content, model)
        return Prediction(model, picture, await batcher.compute(picture.tensor))

    @property
    def longest_decoding(self) -> float:
        """Seconds for which the oldest picture has been decoded; 0 without one."""
        begun = list(self._decoding.values())  # threads change it
        return max((time.monotonic() - since for since in begun), default=0)

    def close(self) -> None:
        for batcher in self._batchers.values():
            batcher.close()
        self._decoders.shutdown(wait=False, cancel_futures=True)
        self._runner.shutdown(wait=False, cancel_futures=True)

    async def _open(self, name: str) -> Batcher:
        loop, settings = asyncio.get_running_loop(), self._settings
        model = self.site.models[name]
        session = await loop.run_in_executor(self._runner, ModelSession, model, settings.threads)
        return Batcher(session.run, self._runner, settings.max_batch, settings.max_wait / 1000)

    async def _decode(self, content: bytes, model: ServedModel) -> Picture:
        def decode() -> Picture:
            key = object()
            self._decoding[key] = time.monotonic()
            try:
                return read_picture(content, model.preprocessing, self._settings.max_pixels)
            finally:
                del self._decoding[key]

        return await asyncio.get_running_loop().run_in_executor(self._decoders, decode)

"""What the loader says, asked through the page and kept: a question is put to it once."""

import hashlib
import json
from array import array
from collections.abc import AsyncIterator, Iterable
from typing import Any

import harness  # the page's side of the bridge
from pyodide.ffi import can_run_sync, run_sync

from .facts import FACTS, picture_bytes
from .oracle import read_png
from .tensors import tensor_of_oracle

Question = tuple[str, ...]
"""What is asked, and of which model and picture."""

_known: dict[Question, Any] = {}


def answer(*question: str) -> Any:
    """The answer to `question`: waited for where this browser lets Python wait, else gathered before."""
    if question not in _known:
        _known[question] = run_sync(_ask(question))
    return _known[question]


async def gather(model: str) -> None:
    """Ask everything that tests of `model` may want, for browsers in which Python cannot wait.

    An empty `model` stands for the tests of files.
    """
    if can_run_sync():
        return
    for question in [question for question in _known if question[0] in _LARGE]:
        del _known[question]
    for question in _questions(model):
        if question not in _known:
            _known[question] = await _ask(question)


_LARGE = ("tensor", "prediction", "run")


def _questions(model: str) -> Iterable[Question]:
    yield ("bytes", "models/model_info.json")
    yield ("bytes", "models/model_checksums.json")
    if not model:
        yield from (("file", f"models/{path}") for path in FACTS["files"])
        return
    yield ("loaded", model)
    yield from (("file", path) for path in FACTS["variants"][model])
    for picture in FACTS["pictures"]:
        yield from ((kind, model, picture) for kind in _LARGE)


async def _ask(question: Question) -> Any:
    match question:
        case ("bytes", path):
            return (await harness.readFile(path)).to_bytes()
        case ("file", path):
            return await _hash_file(path)
        case ("loaded", model):
            return json.loads(await harness.loaded(model))
        case ("tensor", model, picture):
            return (await harness.preprocess(model, picture, _pixels(picture))).to_bytes()
        case ("prediction", model, picture):
            return json.loads(await harness.predict(model, picture, _pixels(picture)))
        case ("run", model, picture):
            return json.loads(await harness.run(model, array("f", tensor_of_oracle(model, picture))))
    raise ValueError(f"unknown question {question}")


async def _hash_file(path: str) -> tuple[int, str, list[str]]:
    """Size and SHA-256 of a file of the site, and of each of its blocks, by Python."""
    block_size = FACTS["block_size"]
    whole, size, hashes = hashlib.sha256(), 0, []
    async for block in _blocks(path, block_size):
        whole.update(block)
        hashes.append(hashlib.sha256(block).hexdigest())
        size += len(block)
    return size, whole.hexdigest(), hashes


async def _blocks(path: str, size: int) -> AsyncIterator[bytes]:
    """The file, `size` bytes at a time, so that a large one is never in Python's memory whole."""
    reader = await harness.openFile(path, size)
    while (block := await reader.next()) is not None:
        yield block.to_bytes()


def _pixels(picture: str) -> Any:
    """For a browser that decodes pictures nothing; for Node, which does not, what this side makes of them."""
    if harness.decodes:
        return None
    planes = read_png(picture_bytes(picture))
    rgba = bytearray(b"\xff" * (4 * planes.width * planes.height))
    for place, plane in enumerate(planes.channels):
        rgba[place::4] = plane
    return harness.imageData(rgba, planes.width, planes.height)

"""What the loader says, asked through the page and kept: a question is put to it once."""

import hashlib
import json
from array import array
from collections.abc import Iterable
from typing import Any

import harness  # the page's side of the bridge
from pyodide.ffi import can_run_sync, run_sync

from .facts import FACTS, FILES, picture_bytes
from .oracle import read_png
from .tensors import tensor_of_oracle

Question = tuple[str, ...]
"""What is asked, and of which model and picture."""

BLOCK_SIZE = 4 * 2**20
"""Bytes of a file that are in Python's memory at a time."""

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
    yield ("manifest",)
    yield ("bytes", "models/model_info.json")
    yield ("bytes", "models/model_checksums.json")
    if not model:
        yield from (("file", f"models/{path}") for path in FILES)
        return
    yield ("loaded", model)
    yield ("parts", model)
    for picture in FACTS["pictures"]:
        yield from ((kind, model, picture) for kind in _LARGE)


async def _ask(question: Question) -> Any:
    match question:
        case ("bytes", path):
            return (await harness.readFile(path)).to_bytes()
        case ("manifest",):
            return await _manifest()
        case ("file", path):
            return await _hash([path])
        case ("parts", model):
            return {name: await _hash(paths_of(file)) for name, file in files_of(model).items()}
        case ("loaded", model):
            return json.loads(await harness.loaded(model))
        case ("tensor", model, picture):
            return (await harness.preprocess(model, picture, _pixels(picture))).to_bytes()
        case ("prediction", model, picture):
            return json.loads(await harness.predict(model, picture, _pixels(picture)))
        case ("run", model, picture):
            return json.loads(await harness.run(model, array("f", tensor_of_oracle(model, picture))))
    raise ValueError(f"unknown question {question}")


async def _manifest() -> dict[str, Any]:
    """The whole manifest; that of a large catalogue is put together of its files (site/manifest/split.py)."""
    index: dict[str, Any] = await _json("models/model_info.json")
    if "models" in index:
        return index
    entries = index.pop("entries", {})
    for page in index.pop("pages", ()):
        entries |= await _json(page["path"])
    listed = [await _json(page["path"]) for page in index.pop("listing")]
    names = [model["name"] for page in listed for model in page["models"]]
    return {**index, "models": [await _json(entries[name]["path"]) for name in names]}


async def _json(path: str) -> Any:
    return json.loads((await harness.readFile(path)).to_bytes())


def files_of(model: str) -> dict[str, Any]:
    """The manifest's entries of what a variant consists of."""
    name, variant = model.split("/")
    entry = next(entry for entry in _known["manifest",]["models"] if entry["name"] == name)
    weights = next(other["weights"] for other in entry["variants"] if other["name"] == variant)
    return {file: entry[file] for file in ("graph", "plan") if file in entry} | {"weights": weights}


def paths_of(file: dict[str, Any]) -> list[str]:
    return [part["path"] for part in file["parts"]]


async def _hash(paths: list[str]) -> tuple[list[int], list[str], str]:
    """Sizes and SHA-256 of files of the site, and the SHA-256 of them in a row, by Python."""
    sizes, hashes, whole = [], [], hashlib.sha256()
    for path in paths:
        reader = await harness.openFile(path, BLOCK_SIZE)
        size, digest = 0, hashlib.sha256()
        while (block := await reader.next()) is not None:
            content = block.to_bytes()
            digest.update(content)
            whole.update(content)
            size += len(content)
        sizes.append(size)
        hashes.append(digest.hexdigest())
    return sizes, hashes, whole.hexdigest()


def _pixels(picture: str) -> Any:
    """For a browser that decodes pictures nothing; for Node, which does not, what this side makes of them."""
    if harness.decodes:
        return None
    planes = read_png(picture_bytes(picture))
    rgba = bytearray(b"\xff" * (4 * planes.width * planes.height))
    for place, plane in enumerate(planes.channels):
        rgba[place::4] = plane
    return harness.imageData(rgba, planes.width, planes.height)

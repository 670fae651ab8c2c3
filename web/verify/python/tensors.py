"""The oracle's tensors, each made once for all models with the same preprocessing."""

import json
from functools import cache

from .facts import FACTS, picture_bytes
from .oracle import Planes, read_png, tensor_of


def tensor_of_oracle(model: str, picture: str) -> bytes:
    """float32, [channels, height, width], by the manifest as the build wrote it."""
    return _tensor(json.dumps(FACTS["preprocessing"][model]), picture)


@cache
def _tensor(preprocessing: str, picture: str) -> bytes:
    return tensor_of(_planes(picture), json.loads(preprocessing))


@cache
def _planes(picture: str) -> Planes:
    return read_png(picture_bytes(picture))

"""Models of the catalogue with a smaller input size: real networks in a fraction of the time."""

from dataclasses import replace

from torch2web.catalog.load import ModelSpec
from torch2web.images import Preprocessing


def with_size(spec: ModelSpec, size: int) -> ModelSpec:
    """`spec`, whose preprocessing is a single resize, for inputs of `size` × `size` pixels."""
    preprocessing = spec.preprocessing.as_dict()
    (step,) = preprocessing["steps"]
    smaller = {**preprocessing, "steps": [{**step, "size": [size, size]}]}
    return replace(spec, preprocessing=Preprocessing.from_dict(smaller))

"""The reference run: inputs and outputs of the PyTorch model, the baseline of every later comparison."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import ModelSpec, ReferenceImage
from torch2web.images import golden_input, preprocess

if TYPE_CHECKING:
    from torch import nn

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Inputs [batch, channels, height, width] to outputs [batch, numbers]."""

BATCH_SIZES = (1, 5)
GOLDEN_SEED = 20_261


@dataclass(frozen=True)
class ReferenceRun:
    """Inputs, and the logits of the PyTorch model as loaded."""

    image_names: tuple[str, ...]
    inputs: NDArray[np.float32]
    """[images, 3, height, width], preprocessed."""
    logits: dict[int, NDArray[np.float32]]
    """Batch size → logits [images, classes]."""
    golden_seed: int
    golden_logits: NDArray[np.float32]
    """Logits of `golden_input(golden_seed, …)`, [2, classes]."""


def in_batches(inputs: NDArray[np.float32], size: int) -> Iterator[NDArray[np.float32]]:
    """Yield `inputs` in batches of `size`, in order; the last may be smaller."""
    for start in range(0, len(inputs), size):
        yield inputs[start : start + size]


def capture_reference(
    model: "nn.Module | Run", spec: ModelSpec, images: Sequence[ReferenceImage]
) -> ReferenceRun:
    """Run `model`, a network or a function, over `images` at each of BATCH_SIZES, and the golden input."""
    from torch import nn  # takes seconds; builds with cached conversions do not need it

    from torch2web.sources import run_in_torch

    run = run_in_torch(model) if isinstance(model, nn.Module) else model
    inputs = np.stack([preprocess(image.image, spec.preprocessing) for image in images])

    return ReferenceRun(
        image_names=tuple(image.name for image in images),
        inputs=inputs,
        logits={
            size: np.concatenate([run(batch) for batch in in_batches(inputs, size)]) for size in BATCH_SIZES
        },
        golden_seed=GOLDEN_SEED,
        golden_logits=run(golden_input(GOLDEN_SEED, spec.preprocessing)),
    )

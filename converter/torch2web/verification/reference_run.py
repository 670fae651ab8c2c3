"""The ReferenceRun: what PyTorch computes, against which everything later is judged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import ModelSpec, ReferenceImage
from torch2web.images import golden_input, preprocess

if TYPE_CHECKING:
    from torch import nn

BATCH_SIZES = (1, 5)
GOLDEN_SEED = 20_261


@dataclass(frozen=True)
class ReferenceRun:
    """Inputs and the logits that the PyTorch model as loaded gives for them."""

    image_names: tuple[str, ...]
    inputs: NDArray[np.float32]
    """[images, 3, height, width]"""
    logits: dict[int, NDArray[np.float32]]
    """By batch size, each [images, classes]."""
    golden_seed: int
    golden_logits: NDArray[np.float32]
    """[2, classes], of `golden_input(golden_seed, …)`."""


def in_batches(inputs: NDArray[np.float32], size: int) -> Iterator[NDArray[np.float32]]:
    """`inputs` in order, `size` at a time."""
    for start in range(0, len(inputs), size):
        yield inputs[start : start + size]


def capture_reference(model: "nn.Module", spec: ModelSpec, images: Sequence[ReferenceImage]) -> ReferenceRun:
    """Run `model` over `images` at each of BATCH_SIZES, and over the golden input."""
    import torch  # takes seconds, and builds in which every conversion is cached need none of it

    inputs = np.stack([preprocess(image.image, spec.preprocessing) for image in images])

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            output: NDArray[np.float32] = model(torch.from_numpy(batch)).numpy()
        return output

    return ReferenceRun(
        image_names=tuple(image.name for image in images),
        inputs=inputs,
        logits={
            size: np.concatenate([run(batch) for batch in in_batches(inputs, size)]) for size in BATCH_SIZES
        },
        golden_seed=GOLDEN_SEED,
        golden_logits=run(golden_input(GOLDEN_SEED, spec.preprocessing)),
    )

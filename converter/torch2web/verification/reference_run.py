"""The reference run: inputs and outputs of the PyTorch model, the baseline of every later comparison."""

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


def capture_reference(model: "nn.Module", spec: ModelSpec, images: Sequence[ReferenceImage]) -> ReferenceRun:
    """Run `model` over `images` at each of BATCH_SIZES, and over the golden input."""
    import torch  # takes seconds; builds with cached conversions do not need it

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

"""The reference run: inputs and outputs of the PyTorch model, the baseline of every later comparison."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import ModelSpec, ReferenceImage
from torch2web.images import golden_input, preprocess

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Inputs [batch, channels, height, width] to outputs [batch, numbers]."""
Run64 = Callable[[NDArray[np.float64]], NDArray[np.float64]]

BATCH_SIZES = (1, 5)
GOLDEN_SEED = 20_261

FLOAT64_IMAGES = 4
"""Reference images that PyTorch computes in float64 too, besides the golden input: it takes up to ten times
as long as float32, and a few show how exact float32 is."""


@dataclass(frozen=True)
class Float64Outputs:
    """Outputs of PyTorch in float64."""

    rows: tuple[int, ...]
    """Indices of the reference images."""
    logits: NDArray[np.float64]
    """[rows, classes]"""
    golden_logits: NDArray[np.float64]
    """[2, classes]"""

    @property
    def vectors(self) -> int:
        return len(self.logits) + len(self.golden_logits)


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
    float64: Float64Outputs | None = None
    """None where the model cannot compute in float64."""

    def truth(self, size: int) -> NDArray[np.float64]:
        """Logits at batch size `size`, [images, classes]: of PyTorch in float64 where it computed in it."""
        logits = self.logits[size].astype(np.float64)
        if self.float64:
            logits[list(self.float64.rows)] = self.float64.logits
        return logits

    @property
    def golden_truth(self) -> NDArray[np.float64]:
        """Logits of the golden input, [2, classes]: of PyTorch in float64 if it computes in it."""
        return self.float64.golden_logits if self.float64 else self.golden_logits.astype(np.float64)

    @property
    def spread(self) -> float:
        """Maximum over the logits of their standard deviation between images."""
        return float(self.logits[1].std(axis=0, dtype=np.float64).max())

    @property
    def rounding(self) -> float:
        """Largest difference of a logit in float32 from that in float64; 0 where there is no float64."""
        return self.difference_from_float64(self.logits[1], self.golden_logits)

    def difference_from_float64(
        self, logits: NDArray[np.floating], golden_logits: NDArray[np.floating]
    ) -> float:
        """Largest difference of logits from PyTorch's in float64; 0 where there is no float64.

        `logits` [images, classes] are those of the images one at a time, `golden_logits` [2, classes].
        """
        return float(self._differences(logits, golden_logits).max(initial=0))

    @property
    def relative_rounding(self) -> float:
        """The same as a share of the largest logit of the image."""
        if not self.float64:
            return 0.0
        exact = np.concatenate([self.float64.logits, self.float64.golden_logits])
        largest = np.abs(exact).max(axis=1)
        rounding = self._differences(self.logits[1], self.golden_logits)
        return float(np.divide(rounding, largest, out=np.zeros_like(largest), where=largest > 0).max())

    def _differences(
        self, logits: NDArray[np.floating], golden_logits: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Largest difference of each vector that PyTorch computed in float64, [vectors]."""
        if not self.float64:
            return np.zeros(0)
        exact = np.concatenate([self.float64.logits, self.float64.golden_logits])
        found = np.concatenate([logits[list(self.float64.rows)], golden_logits])
        differences: NDArray[np.float64] = np.abs(found - exact).max(axis=1)
        return differences


def in_batches(inputs: NDArray[np.float32], size: int) -> Iterator[NDArray[np.float32]]:
    """Yield `inputs` in batches of `size`, in order; the last may be smaller."""
    for start in range(0, len(inputs), size):
        yield inputs[start : start + size]


def capture_reference(
    run: Run, spec: ModelSpec, images: Sequence[ReferenceImage], float64: Run64 | None = None
) -> ReferenceRun:
    """Run a network over `images` at each of BATCH_SIZES, and over the golden input.

    `float64` computes a few of them too; None: the network cannot compute in float64.
    """
    inputs = np.stack([preprocess(image.image, spec.preprocessing) for image in images])

    golden = golden_input(GOLDEN_SEED, spec.preprocessing)
    return ReferenceRun(
        image_names=tuple(image.name for image in images),
        inputs=inputs,
        logits={
            size: np.concatenate([run(batch) for batch in in_batches(inputs, size)]) for size in BATCH_SIZES
        },
        golden_seed=GOLDEN_SEED,
        golden_logits=run(golden),
        float64=_in_float64(float64, inputs, golden) if float64 else None,
    )


def _in_float64(
    run: Run64, inputs: NDArray[np.float32], golden: NDArray[np.float32]
) -> Float64Outputs | None:
    """None where the outputs are float32 for all that, or not finite."""
    rows = np.unique(np.linspace(0, len(inputs) - 1, FLOAT64_IMAGES).round().astype(int)).tolist()
    images = np.concatenate([inputs[rows], golden]).astype(np.float64)
    outputs = np.concatenate([run(image[np.newaxis]) for image in images])
    if outputs.dtype != np.float64 or not np.isfinite(outputs).all():
        return None
    return Float64Outputs(tuple(rows), outputs[: len(rows)], outputs[len(rows) :])

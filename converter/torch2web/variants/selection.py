"""Creates the variants of a model and accepts or refuses each by comparison with the ReferenceRun.

All variants compute in float32 on the same graph and are equally fast; they differ in size and in the
rounding of their weights.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from torch2web.catalog import EXACT, ModelSpec
from torch2web.coding import file_size
from torch2web.errors import VerificationError
from torch2web.variants.compact import CompactSearch, Point
from torch2web.variants.encodings import ENCODINGS, Tensors, applies, decode_all
from torch2web.variants.rounding import Calibration, Rounding, encode_compensated
from torch2web.variants.split import SplitModel
from torch2web.verification import (
    Bounds,
    ReferenceRun,
    create_session_with,
    golden_record,
    measure,
    require_within_tolerance,
    run_all,
)

if TYPE_CHECKING:
    import onnxruntime


COMPACT = "compact"
"""The coarsest weights that pass, chosen layer by layer."""

Pictures = Callable[[], NDArray[np.float32]]
"""Preprocessed pictures [images, channels, height, width] that are none of the reference run's."""

COMPENSATED = "int8"
"""Encoding whose weights are rounded with error compensation where rounding to the nearest is refused."""


@dataclass(frozen=True)
class Variant:
    """An accepted variant."""

    name: str
    content: bytes
    """Weights: a safetensors file, encoded as described in `encodings.py`."""
    verification: dict[str, Any]
    golden: dict[str, Any]
    """Seed, logits [2][classes] and tolerance of the self-check in the browser."""
    logits: dict[str, list[float]]
    """Logits in onnxruntime by reference image."""
    bounds: dict[str, float]
    """Largest difference from `logits` accepted by reference image; of exact weights, from PyTorch's."""
    calibration_images: int = 0
    """Pictures on which the weights were rounded with error compensation; 0: rounded to the nearest."""
    float64_max_abs_diff: float | None = None
    """Of what `verification` was measured with, from PyTorch in float64; None where it has none."""
    search: tuple[Point, ...] = ()
    """What was measured to find it, the smallest first; empty where nothing was searched."""


@dataclass(frozen=True)
class Refused:
    """A refused variant; `size` is that of its weights in bytes, coded."""

    name: str
    size: int
    reason: str
    verification: dict[str, Any] | None
    """Measured differences; None if the logits are unusable."""


@dataclass(frozen=True)
class Search:
    """What the variant `compact` is searched with."""

    pictures: Pictures
    """Neither those of calibration nor those of the reference run."""
    on_progress: Callable[[int, int], None]
    """Called with the steps done and their number."""


def make_variants(
    split: SplitModel,
    spec: ModelSpec,
    reference: ReferenceRun,
    calibration: Callable[[], Calibration],
    search: Search | None = None,
) -> Iterator[Variant | Refused]:
    """Encode the weights of `split` by each applicable encoding, measure the result, and yield the outcome.

    Where int8 is refused, its weights are rounded again with error compensation on the pictures of
    `calibration`; the outcome is then that of the second rounding. With `search`, COMPACT is the last.

    A generator, because the encoded weights of a large model take hundreds of MiB.

    Raises VerificationError if the unrounded weights exceed the tolerance on the split graph.
    """
    compensated = _Compensated(split, spec, reference, calibration)
    for name, encode in ENCODINGS.items():
        if not applies(name, split.weights):
            continue
        tensors: Tensors = {}
        for weight in split.weights:
            tensors |= encode(weight)
        session = create_session_with(split.graph, decode_all(tensors))
        outcome = _judge(name, save(tensors), spec, reference, session)
        if isinstance(outcome, Refused) and name == COMPENSATED:
            yield compensated.int8()
        else:
            yield outcome
    if search and split.weights:
        yield compensated.compact(search)


@dataclass(frozen=True)
class _Compensated:
    """Variants whose weights are rounded with error compensation."""

    split: SplitModel
    spec: ModelSpec
    reference: ReferenceRun
    calibration: Callable[[], Calibration]

    @cached_property
    def used(self) -> Calibration:
        return self.calibration()

    @cached_property
    def rounding(self) -> Rounding:
        return Rounding(self.split, self.used, self.spec.task)

    def int8(self) -> Variant | Refused:
        outcome = self._judged(COMPENSATED, encode_compensated(self.rounding))
        if isinstance(outcome, Variant):
            return outcome
        return replace(outcome, reason=f"{outcome.reason}; with error compensation")

    def compact(self, search: Search) -> Variant | Refused:
        """The first candidate that passes, or the last that does not."""
        found = CompactSearch(self.rounding, self.spec, search.pictures(), search.on_progress)
        outcome: Variant | Refused | None = None
        for candidate in found.candidates():
            outcome = self._judged(COMPACT, candidate.tensors)
            if isinstance(outcome, Variant):
                return replace(outcome, search=candidate.points)
        nothing = "no rounding passed on the pictures of the search"
        return outcome or Refused(
            COMPACT, sum(weight.values.nbytes for weight in self.split.weights), nothing, None
        )

    def _judged(self, name: str, tensors: Tensors) -> Variant | Refused:
        session = create_session_with(self.split.graph, decode_all(tensors))
        outcome = _judge(name, save(tensors), self.spec, self.reference, session)
        if isinstance(outcome, Variant):
            return replace(outcome, calibration_images=len(self.used.pictures))
        return outcome


def _judge(
    name: str,
    content: bytes,
    spec: ModelSpec,
    reference: ReferenceRun,
    session: "onnxruntime.InferenceSession",
) -> Variant | Refused:
    """Measure `session`, created from the weights of `content`, and accept or refuse the variant."""
    bounds = Bounds.of(spec.tolerance, reference)
    try:
        found, golden = run_all(session, spec, reference)
        report = measure(spec, reference, found, golden)
    except VerificationError as error:
        if name == EXACT:
            raise
        return Refused(name, file_size(content), str(error), None)
    outputs: NDArray[np.floating] = found[1]
    if name == EXACT:
        require_within_tolerance(spec, report)
        outputs = reference.truth(1)
    elif reason := spec.gate.why_refused(spec.task, report.figures):
        return Refused(name, file_size(content), reason, report.as_dict())
    return Variant(
        name=name,
        content=content,
        verification=report.as_dict(),
        golden=golden_record(reference, bounds, None if name == EXACT else golden),
        logits=dict(zip(reference.image_names, found[1].tolist(), strict=True)),
        bounds=dict(zip(reference.image_names, bounds.of_vectors(outputs).tolist(), strict=True)),
        float64_max_abs_diff=report.float64_max_abs_diff,
    )

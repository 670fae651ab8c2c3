"""The record of the golden input: what the self-check in the browser compares with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from torch2web.verification.bounds import Bounds
from torch2web.verification.reference_run import ReferenceRun


def golden_record(
    reference: ReferenceRun, bounds: Bounds, logits: NDArray[np.floating] | None = None
) -> dict[str, Any]:
    """`golden` of a manifest: seed, logits [2][classes] and the largest difference accepted.

    `logits` None: those of `reference`. The tolerance is a number, or one for each row where they differ.
    """
    rows = reference.golden_truth if logits is None else logits
    accepted = bounds.of_vectors(rows).tolist()
    return {
        "seed": reference.golden_seed,
        "logits": rows.tolist(),
        "tolerance": accepted[0] if len(set(accepted)) == 1 else accepted,
    }

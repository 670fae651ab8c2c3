"""A model's plan for the compiled backend: made, and judged with every kept variant's weights.

The judge is the same C that browsers run, compiled for this machine, over the same pictures as all else.
A plan that cannot be made or gives other logits is no reason to stop a build: the model goes without.
"""

import ctypes

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from torch2web.catalog import ModelSpec
from torch2web.images import golden_input
from torch2web.plan.engine import EngineError, NativeEngine
from torch2web.plan.planning import Plan
from torch2web.variants import EXACT, Variant
from torch2web.verification import ReferenceRun


def why_refused(
    library: ctypes.CDLL, plan: Plan, variant: Variant, spec: ModelSpec, reference: ReferenceRun
) -> str:
    """Empty where the engine gives the reference's logits from `plan` with the weights of `variant`.

    Otherwise the reason, with figures. The same tolerance as the loader's self-check and verify.html.
    """
    inputs = np.concatenate([golden_input(reference.golden_seed, spec.preprocessing), reference.inputs])
    try:
        engine = NativeEngine(library, plan.content)
        engine.load(load(variant.content))
        found = np.stack([engine.run(image) for image in inputs])
    except EngineError as error:
        return f"the engine does not run its plan with {variant.name} weights: {error}"
    return _difference(spec, reference, variant, found)


def _difference(
    spec: ModelSpec, reference: ReferenceRun, variant: Variant, found: NDArray[np.float32]
) -> str:
    """Empty where `found` are the logits that the loader and verify.html ask of this variant too."""
    exact = variant.name == EXACT
    images = reference.logits[1] if exact else np.asarray(list(variant.logits.values()))
    expected = np.concatenate([np.asarray(variant.golden["logits"]), images])
    if found.shape != expected.shape:
        return f"found logits {list(found.shape)}, expected {list(expected.shape)}"
    differences = np.abs(found.astype(np.float64) - expected).max(axis=1)
    largest = float(differences.max())  # NaN where there is one
    if largest <= spec.tolerance:
        return ""
    names = [*["golden input"] * len(variant.golden["logits"]), *reference.image_names]
    worst = names[int(differences.argmax())]
    judge = "PyTorch's" if exact else "onnxruntime's"
    return (
        f"with {variant.name} weights its logits differ from {judge} by {largest:.3g} ({worst}), "
        f"allowed are {spec.tolerance:g}"
    )

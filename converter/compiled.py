"""A model's plan for the compiled backend: made, and judged with every kept variant's weights.

The judge is the same C that browsers run, compiled for this machine, over the same pictures as all else.
A plan that cannot be made or gives other logits is no reason to stop a build: the model goes without.
"""

import ctypes
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from safetensors.numpy import load

from converter.cache import Entry
from converter.catalog import ModelSpec
from converter.encodings import EXACT
from converter.golden import golden_input
from converter.native import EngineError, NativeEngine
from converter.parts import PART_SIZE, PARTS, PartedFile, join_parts, write_parts
from converter.plan import Plan, PlanError, plan_model
from converter.reference import ReferenceRun
from converter.split import SplitModel
from converter.variants import Variant, Variants


@dataclass(frozen=True)
class Compiled:
    plan: PartedFile | None
    """Below the folder of the model's entry."""
    no_plan: str
    """Why there is none: the operator, or the figures; empty where there is one."""


def make_plan(
    library: ctypes.CDLL,
    entry: Entry,
    split: SplitModel,
    spec: ModelSpec,
    reference: ReferenceRun,
    variants: Variants,
) -> Compiled:
    """Plan the graph of `split` and write the plan beside the model of `entry`, if it passes."""
    try:
        plan = plan_model(onnx.load_from_string(split.graph))
    except PlanError as error:
        return Compiled(None, str(error))
    inputs = np.concatenate([golden_input(reference.golden_seed, spec.preprocessing), reference.inputs])
    for variant in variants.kept:
        try:
            found = _logits(library, entry, plan, variant, inputs)
        except EngineError as error:
            return Compiled(None, f"the engine does not run its plan with {variant.name} weights: {error}")
        if reason := _why_refused(spec, reference, variant, found):
            return Compiled(None, reason)
    return Compiled(write_parts(entry.folder, PARTS, plan.content, PART_SIZE), "")


def _logits(
    library: ctypes.CDLL, entry: Entry, plan: Plan, variant: Variant, inputs: NDArray[np.float32]
) -> NDArray[np.float32]:
    """[inputs, classes], from the weights as they are stored."""
    engine = NativeEngine(library, plan.content)
    engine.load(load(join_parts(entry.folder, variant.weights.as_dict())))
    return np.stack([engine.run(picture) for picture in inputs])


def _why_refused(
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

"""Verifies a plan: runs the engine's modules with the weights of each variant on the reference images.

A model whose plan fails is built without the compiled backend.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from torch2web.catalog import ModelSpec
from torch2web.images import golden_input
from torch2web.plan.engine_driver import EngineError, Tensors
from torch2web.plan.planning import Plan
from torch2web.plan.wasm_engine import WasmEngine
from torch2web.variants import EXACT, Variant
from torch2web.verification import Bounds, ReferenceRun, find_deviation


@dataclass(frozen=True)
class Judgement:
    """Of a plan with the weights of one variant."""

    reason: str
    """Why it is refused; empty if each build of the engine reproduces the reference's logits."""
    float64_max_abs_diff: float | None
    """Largest difference of any build from PyTorch in float64; None where it did not run."""


def judge_plan(
    modules: Mapping[str, bytes], plan: Plan, variant: Variant, spec: ModelSpec, reference: ReferenceRun
) -> Judgement:
    """Run `plan` with the weights of `variant` in each build of the engine.

    `modules`: single-threaded builds by name, which run in parallel. The tolerance is that of the loader's
    self-check and of verify.html. Raises ToolError.
    """
    golden = golden_input(reference.golden_seed, spec.preprocessing)
    inputs = np.concatenate([golden, reference.inputs])
    tensors = load(variant.content)

    def judge(build: str) -> Judgement:
        try:
            found = run_plan(modules[build], plan, tensors, inputs)
        except EngineError as error:
            reason = f"the {build} engine fails to run its plan with {variant.name} weights: {error}"
            return Judgement(reason, None)
        reason = _difference(build, spec, reference, variant, found)
        if found.shape[1:] != reference.golden_logits.shape[1:]:
            return Judgement(reason, None)
        own = reference.difference_from_float64(found[len(golden) :], found[: len(golden)])
        return Judgement(reason, own)

    with ThreadPoolExecutor(len(modules)) as pool:  # wasmtime releases the GIL while it runs
        judged = list(pool.map(judge, modules))
    found = [entry.float64_max_abs_diff for entry in judged if entry.float64_max_abs_diff is not None]
    return Judgement(
        next((entry.reason for entry in judged if entry.reason), ""), max(found) if found else None
    )


def why_refused(
    modules: Mapping[str, bytes], plan: Plan, variant: Variant, spec: ModelSpec, reference: ReferenceRun
) -> str:
    """The reason of `judge_plan`: empty if each build of the engine reproduces the reference's logits."""
    return judge_plan(modules, plan, variant, spec, reference).reason


def run_plan(module: bytes, plan: Plan, tensors: Tensors, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Outputs [inputs, …] of `plan` in the engine `module`, with the weights `tensors` of a variant.

    Raises EngineError and ToolError.
    """
    engine = WasmEngine(module, plan.content)
    engine.load(tensors)
    return np.stack([engine.run(image) for image in inputs])


def _difference(
    build: str, spec: ModelSpec, reference: ReferenceRun, variant: Variant, found: NDArray[np.float32]
) -> str:
    """Empty if `found` matches the logits that the loader and verify.html expect of this variant."""
    exact = variant.name == EXACT
    images = reference.truth(1) if exact else np.asarray(list(variant.logits.values()))
    expected = np.concatenate([np.asarray(variant.golden["logits"]), images])
    if found.shape != expected.shape:
        return f"found logits {list(found.shape)}, expected {list(expected.shape)}"
    bounds = Bounds.of(spec.tolerance, reference)
    deviation = find_deviation(spec.task, bounds, expected, found)
    if deviation is None:
        return ""
    worst = deviation.vector
    largest = float(np.abs(found[worst].astype(np.float64) - expected[worst]).max())  # NaN if any is
    names = [*["golden input"] * len(variant.golden["logits"]), *reference.image_names]
    judge = "PyTorch's" if exact else "onnxruntime's"
    return (
        f"with {variant.name} weights the {build} engine's logits differ from {judge} by {largest:.3g} "
        f"({names[worst]}), tolerance {bounds.of_vectors(expected)[worst]:g}"
    )

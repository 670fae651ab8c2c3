"""A model whose outputs onnxruntime gives less exactly than accepted, and the compiled backend does not."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from safetensors.numpy import load, save

from torch2web.catalog import ModelSpec
from torch2web.images import golden_input
from torch2web.plan.engine_driver import EngineError
from torch2web.plan.judge import run_plan, why_refused
from torch2web.plan.planning import Plan
from torch2web.variants import ENCODINGS, EXACT, SplitModel, Tensors, Variant
from torch2web.verification import Bounds, ReferenceRun, golden_record, measure


def exact_variant(
    modules: Mapping[str, bytes], plan: Plan, split: SplitModel, spec: ModelSpec, reference: ReferenceRun
) -> Variant | str:
    """The unrounded weights, measured in the engine; or why the engine does not reproduce PyTorch either.

    Other encodings are judged by onnxruntime, which is out of question here. Raises ToolError.
    """
    tensors: Tensors = {}
    for weight in split.weights:
        tensors |= ENCODINGS[EXACT](weight)
    bounds = Bounds.of(spec.tolerance, reference)
    names, truth = reference.image_names, reference.truth(1)
    content = save(tensors)
    variant = Variant(
        name=EXACT,
        content=content,
        verification={},
        golden=golden_record(reference, bounds),
        logits=dict(zip(names, truth.tolist(), strict=True)),
        bounds=dict(zip(names, bounds.of_vectors(truth).tolist(), strict=True)),
    )
    if reason := why_refused(modules, plan, variant, spec, reference):
        return reason
    golden = golden_input(reference.golden_seed, spec.preprocessing)
    try:
        inputs = np.concatenate([golden, reference.inputs])
        found = run_plan(next(iter(modules.values())), plan, load(content), inputs)
    except EngineError as error:
        return str(error)
    images = dict.fromkeys(reference.logits, found[len(golden) :])
    report = measure(spec, reference, images, found[: len(golden)])
    own = report.float64_max_abs_diff
    return replace(variant, verification=report.as_dict(), float64_max_abs_diff=own)

"""A built site's models on this machine: what each form that the site has gives for the golden input."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from torch2web.assets import native_engine
from torch2web.errors import VerificationError
from torch2web.images import Preprocessing, golden_input
from torch2web.plan import EngineError, NativeEngine
from torch2web.store import join_parts
from torch2web.variants import EXACT, decode_all
from torch2web.verification import create_session, create_session_with, run_session


@dataclass(frozen=True)
class Form:
    """One way in which a site has a model, and the variant whose golden outputs it should have."""

    model: Mapping[str, Any]
    variant: Mapping[str, Any]
    whole: bool
    """Whether it is the whole ONNX file."""

    @property
    def name(self) -> str:
        return f"{self.model['name']} {'onnx' if self.whole else self.variant['name']}"


def forms_of(model: Mapping[str, Any]) -> Iterator[Form]:
    """Every form of a model, by its entry in the manifest."""
    if "plain" in model:
        exact = next(variant for variant in model["variants"] if variant["name"] == EXACT)
        yield Form(model, exact, whole=True)
    yield from (Form(model, variant, whole=False) for variant in model["variants"])


def golden_difference(site: Path, form: Form, cache: Path) -> float:
    """Largest absolute difference to the golden outputs.

    By onnxruntime where there is something for it to run, else by the engine, kept compiled in `cache`.
    Raises OSError for a missing file, VerificationError where there are no outputs to compare, ToolError.
    """
    model, golden = form.model, form.variant["golden"]
    inputs = golden_input(golden["seed"], Preprocessing.from_dict(model["preprocessing"]))
    if form.whole:
        path = site / model["plain"]["path"]
        path.stat()  # for OSError where it is not there
        logits = run_session(create_session(path), inputs)
    else:
        try:
            tensors = load(join_parts(site, form.variant["weights"]))
        except SafetensorError as error:
            problem = f"they are no safetensors file: {error}"
            raise VerificationError("its weights", problem, {}, "") from error
        if "graph" in model:
            session = create_session_with(join_parts(site, model["graph"]), decode_all(tensors))
            logits = run_session(session, inputs)
        else:
            logits = _run_plan(join_parts(site, model["plan"]), tensors, inputs, cache)
    expected = np.asarray(golden["logits"])
    if logits.shape != expected.shape:
        problem = f"found golden outputs {list(logits.shape)}, expected {list(expected.shape)}"
        raise VerificationError(model["name"], problem, {}, "")
    return float(np.abs(logits - expected).max())


def _run_plan(
    plan: bytes, tensors: Mapping[str, NDArray[np.generic]], inputs: NDArray[np.float32], cache: Path
) -> NDArray[np.float32]:
    try:
        engine = NativeEngine(native_engine(cache), plan)
        engine.load(tensors)
        return np.stack([engine.run(picture) for picture in inputs])
    # The others for weights that are none of ours, in a site that somebody changed.
    except (EngineError, ValueError, IndexError) as error:
        raise VerificationError("the engine", f"it cannot run the plan: {error}", {}, "") from error

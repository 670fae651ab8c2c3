"""Runs the models of a built site on the golden input, in every form that the site has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from torch2web.coding import DamagedPartError
from torch2web.errors import ToolError, VerificationError
from torch2web.images import Preprocessing, golden_input
from torch2web.plan import EngineError, WasmEngine
from torch2web.store import join_parts
from torch2web.variants import decode_all
from torch2web.verification import create_session, create_session_with, run_session


@dataclass(frozen=True)
class Form:
    """A form in which a site has a model: the whole ONNX file, or a variant."""

    model: Mapping[str, Any]
    variant: Mapping[str, Any] | None
    """None: the whole ONNX file."""

    @property
    def name(self) -> str:
        return f"{self.model['name']} {self.variant['name'] if self.variant else 'onnx'}"

    @property
    def golden(self) -> Mapping[str, Any]:
        """Seed, outputs and tolerance of the golden input."""
        golden: Mapping[str, Any] = (self.variant or self.model)["golden"]
        return golden


def forms_of(model: Mapping[str, Any]) -> Iterator[Form]:
    """Every form of a model, by its entry in the manifest."""
    if "plain" in model:
        yield Form(model, None)
    yield from (Form(model, variant) for variant in model["variants"])


def golden_difference(site: Path, manifest: Mapping[str, Any], form: Form) -> tuple[float, float]:
    """Largest absolute difference to the golden outputs, and the largest accepted: of the image furthest off.

    By onnxruntime where the site has a graph, else by the site's own engine.
    Raises OSError for a missing file, VerificationError where there are no outputs to compare, ToolError.
    """
    model, golden = form.model, form.golden
    inputs = golden_input(golden["seed"], Preprocessing.from_dict(model["preprocessing"]))
    if form.variant is None:
        path = site / model["plain"]["path"]
        path.stat()  # for OSError where it is not there
        logits = run_session(create_session(path), inputs)
    else:
        try:
            tensors = load(join_parts(site, form.variant["weights"]))
        except (SafetensorError, DamagedPartError) as error:
            problem = f"they are no safetensors file: {error}"
            raise VerificationError("its weights", problem, {}, "") from error
        if "graph" in model:
            session = create_session_with(join_parts(site, model["graph"]), decode_all(tensors))
            logits = run_session(session, inputs)
        else:
            modules = manifest["engine"]["files"]
            logits = _run_plan(
                join_parts(site, modules["plain"]), join_parts(site, model["plan"]), tensors, inputs
            )
    expected = np.asarray(golden["logits"])
    if logits.shape != expected.shape:
        problem = f"found golden outputs {list(logits.shape)}, expected {list(expected.shape)}"
        raise VerificationError(model["name"], problem, {}, "")
    differences = np.abs(logits - expected).max(axis=1)
    accepted = np.broadcast_to(golden["tolerance"], len(expected))
    worst = int((differences / accepted).argmax())  # NaN if any is
    return float(differences[worst]), float(accepted[worst])


def _run_plan(
    module: bytes, plan: bytes, tensors: Mapping[str, NDArray[np.generic]], inputs: NDArray[np.float32]
) -> NDArray[np.float32]:
    try:
        engine = WasmEngine(module, plan)
        engine.load(tensors)
        return np.stack([engine.run(image) for image in inputs])
    # The others for weights of another build, in a site that somebody changed.
    except (EngineError, ToolError, ValueError, IndexError) as error:
        raise VerificationError("the engine", f"it cannot run the plan: {error}", {}, "") from error

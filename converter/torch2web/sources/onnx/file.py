"""Loads ONNX files of other tools: the reference is onnxruntime on the file as it is.

The exported file is the same network with the signature of this package: `input`, float32 [batch, channels,
height, width] → `output`, float32 [batch, numbers], any batch.
"""

import math
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.inliner import inline_local_functions

from torch2web.catalog import ModelSpec
from torch2web.errors import CheckpointError, ExportError
from torch2web.sources.graph_passes import fold_weights
from torch2web.sources.loaded import ExportRecord, LoadedModel, Run32
from torch2web.sources.onnx.batch import free_batch
from torch2web.sources.onnx.input import ImageInput, image_input
from torch2web.sources.onnx.rewrite import (
    constants_to_initializers,
    in_pipeline_form,
    keep_output,
    rename_clashes,
    tidy,
    to_single,
    with_signature,
)
from torch2web.sources.onnx.session import open_session, run_one
from torch2web.sources.outputs import PREFERRED, require_vector
from torch2web.sources.signature import require_signature

MIN_OPSET, KEPT_OPSET, RAISED_OPSET = 9, 12, 17
"""Lowest opset that is read; lowest that is kept; the one that lower ones are raised to."""

_DOMAINS = ("", "ai.onnx")
_PROBE = 3


def load_onnx(spec: ModelSpec, path: Path) -> LoadedModel:
    """The network in the ONNX file `path`. Raises CheckpointError or ExportError."""
    if spec.exporter != "auto":
        raise ExportError(spec.name, "the file is ONNX already: leave `exporter` (--exporter) away")
    given = _read(path)
    opset = _require_known_operators(path, given)
    outputs = [value.name for value in given.graph.output]
    output = _chosen_output(spec, given)
    _require_floats(spec, given, output)
    notes = [f"output {output!r} of {', '.join(outputs)}"] if len(outputs) > 1 else []
    source = image_input(path, given, spec.input_shape)
    notes += source.notes
    model, replaced = to_single(given)
    if replaced:
        notes.append(f"{replaced} weights, computed in float32")
    session = open_session(path, model if replaced else None)
    reference = _reference(session, source, output)
    shape = _probe(spec, reference, source)
    prepared = _prepared(model, source, output, flatten=len(shape) != 1)
    numbers = math.prod(shape)
    prepared = with_signature(prepared, spec.input_shape, numbers, source.batch)
    raised, taken, more = _at_usable_opset(prepared, opset)
    notes += more
    free = free_batch(raised, source.batch)
    fold_weights(free)
    written = with_signature(free, spec.input_shape, numbers)
    require_free_batch(spec, written, reference, source.batch)

    def export(target: Path) -> ExportRecord:
        onnx.save(written, target)
        require_signature(spec, target, taken)
        return ExportRecord("onnx", taken)

    return LoadedModel(
        reference=lambda batch: _as_vectors(reference(batch)),
        reference64=None,
        exporters=(export,),
        runtime="onnxruntime",
        notes=tuple(notes),
        provenance={"architecture": path.name, "source": "onnx"},
    )


def check_onnx(path: Path) -> None:
    """Read the ONNX file `path` without running it; NaN in a weight, of more than one number, is refused.

    Raises CheckpointError.
    """
    model = _read(path)
    _require_known_operators(path, model)
    arrays = ((entry.name, numpy_helper.to_array(entry)) for entry in model.graph.initializer)
    broken = [
        name for name, array in arrays if array.dtype.kind == "f" and array.size > 1 and np.isnan(array).any()
    ]
    if broken:
        listed = ", ".join(broken[:5]) + (", …" if len(broken) > 5 else "")
        problem = f"{len(broken)} of its weights contain NaN: {listed}"
        raise CheckpointError(path, problem, "The training diverged; export an earlier checkpoint.")


def _read(path: Path) -> ModelProto:
    try:
        model = onnx.load(path)
    except MemoryError:
        raise
    except Exception as error:  # protobuf's, and of external data
        text = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        if "external" in text.lower() or isinstance(error, (FileNotFoundError, onnx.checker.ValidationError)):
            advice = "Put the file of its external data beside it."
            raise CheckpointError(path, f"its external data cannot be read: {text}", advice) from error
        raise CheckpointError(path, "it is not a valid ONNX file", "Export or copy it again.") from error
    if not model.graph.node or not model.graph.output:
        raise CheckpointError(path, "it is not an ONNX file with a network", "Export or copy it again.")
    if model.functions:
        model = inline_local_functions(model)
    return tidy(model)


def _require_known_operators(path: Path, model: ModelProto) -> int:
    """The opset. Raises CheckpointError for operators that are not ONNX's."""
    custom = sorted(
        {f"{node.domain}.{node.op_type}" for node in model.graph.node if node.domain not in _DOMAINS}
    )
    if custom:
        listed = ", ".join(custom[:5]) + (", …" if len(custom) > 5 else "")
        problem = f"it has operators that are not part of ONNX: {listed}"
        raise CheckpointError(path, problem, "Export the network without them.")
    opset = next((entry.version for entry in model.opset_import if entry.domain in _DOMAINS), 0)
    newest = onnx.defs.onnx_opset_version()
    if not MIN_OPSET <= opset <= newest:
        raise CheckpointError(path, f"it has ONNX opset {opset}, expected {MIN_OPSET} to {newest}")
    unknown = sorted({node.op_type for node in model.graph.node if not onnx.defs.has(node.op_type)})
    if unknown:
        raise CheckpointError(path, f"it has operators that ONNX does not have: {', '.join(unknown[:5])}")
    return opset


def _chosen_output(spec: ModelSpec, model: ModelProto) -> str:
    outputs: list[str] = [value.name for value in model.graph.output]
    wanted = spec.source.output
    if wanted is None:
        named = [name for name in PREFERRED if name in outputs]
        ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in model.graph.output}
        vectors = [name for name in outputs if ranks[name] <= 2]
        return next(iter((*named, *vectors, *outputs)))
    if isinstance(wanted, int) and wanted < len(outputs):
        return outputs[wanted]
    if wanted in outputs:
        return str(wanted)
    listed = ", ".join(outputs)
    raise ExportError(spec.name, f"the network has no output {wanted!r}; output_name is one of {listed}")


def _reference(session: object, source: ImageInput, output: str) -> Run32:
    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        feeds = source.feed(batch)
        size = source.batch or len(feeds)
        missing = -len(feeds) % size
        feeds = np.concatenate([feeds, feeds[:1].repeat(missing, axis=0)])
        found = [
            run_one(session, source.name, feeds[at : at + size], output) for at in range(0, len(feeds), size)
        ]
        return np.concatenate(found)[: len(batch)].astype(np.float32)

    return run


def _require_floats(spec: ModelSpec, model: ModelProto, output: str) -> None:
    """Raise ExportError for whole numbers: a class that the network chooses has no probability."""
    kinds = {value.name: value.type.tensor_type.elem_type for value in model.graph.output}
    whole = (TensorProto.INT64, TensorProto.INT32, TensorProto.UINT8, TensorProto.INT8, TensorProto.BOOL)
    if kinds[output] not in whole:
        return
    made = next((node.op_type for node in model.graph.node if output in node.output), "an input")
    kind = TensorProto.DataType.Name(kinds[output]).lower()
    problem = f"the network's output is {kind}, of {made}, expected floating point numbers"
    raise ExportError(spec.name, f"{problem}: export the network without it, with its logits as the output")


def _probe(spec: ModelSpec, reference: Run32, source: ImageInput) -> tuple[int, ...]:
    """Shape of the output of one image. Raises ExportError unless it is one vector for each image."""
    example = np.zeros((source.batch or 1, *spec.input_shape), np.float32)
    found = reference(example)
    if found.ndim == 0 or len(found) != len(example):
        problem = (
            f"for {len(example)} image(s) the network returns {list(found.shape)}, expected [1, numbers]"
        )
        raise ExportError(spec.name, f"{problem}: dimension 0 must be the batch")
    require_vector(spec.name, found.shape)
    return found.shape[1:]


def _prepared(model: ModelProto, source: ImageInput, output: str, *, flatten: bool) -> ModelProto:
    model = keep_output(model, output)
    model = constants_to_initializers(model)
    model = rename_clashes(model, source.name, output)
    return in_pipeline_form(model, source, flatten=flatten)


def _at_usable_opset(model: ModelProto, opset: int) -> tuple[ModelProto, int, list[str]]:
    """The model at an opset that every stage reads; old ones are raised if the converter of ONNX can."""
    if opset >= KEPT_OPSET:
        return model, opset, []
    try:
        raised = onnx.version_converter.convert_version(model, RAISED_OPSET)
        onnx.checker.check_model(raised, full_check=True)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 (any: the file works as it is)
        return model, opset, []
    return raised, RAISED_OPSET, [f"opset {opset} raised to {RAISED_OPSET}"]


def require_free_batch(spec: ModelSpec, model: ModelProto, reference: Run32, batch: int | None) -> None:
    """Run the model, which was made for `batch` images at once (None: any), with several.

    Raises ExportError unless it computes what it does with one.
    """
    random = np.random.Generator(np.random.PCG64(1))
    images = random.standard_normal((_PROBE, *spec.input_shape), np.float32)
    expected = np.concatenate([_as_vectors(reference(images[at : at + 1])) for at in range(_PROBE)])
    try:
        found = run_one(open_session(Path(spec.name), model), "input", images, "output")
    except CheckpointError as error:
        number = f"{batch} image{'s' if batch > 1 else ''} at once" if batch else "a fixed number of images"
        problem = f"it takes {number}, and other numbers fail"
        raise ExportError(spec.name, f"{problem}; export it with a dynamic batch") from error
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-3, atol=1e-3):
        problem = f"for {_PROBE} images it returns other outputs than for each alone"
        raise ExportError(spec.name, f"{problem}; export it with a dynamic batch")


def _as_vectors(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    return outputs.reshape(len(outputs), -1)

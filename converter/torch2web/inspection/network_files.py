"""Facts of files that hold their network: shapes of inputs and outputs, read without loading the network."""

import ast
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch2web.errors import CheckpointError
from torch2web.inspection.facts import FileFacts
from torch2web.tasks import labels_of

_DAMAGED = "it is truncated or damaged"
_MAX_JSON = 2**28
"""Bytes of a program's description that are read."""


def onnx_facts(path: Path, format_name: str) -> FileFacts:
    """Of the first input and output of an ONNX file. Raises CheckpointError."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path, load_external_data=False)
    except (DecodeError, OSError, ValueError) as error:
        raise CheckpointError(path, f"{_DAMAGED}: {error}") from error
    initial = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initial]
    if not inputs or not model.graph.output:
        raise CheckpointError(path, "its graph has no input or no output, expected a network of images")
    shapes = [
        [_axis(axis) for axis in value.type.tensor_type.shape.dim]
        for value in (inputs[0], *model.graph.output)
    ]
    labels = _labels({entry.key: entry.value for entry in model.metadata_props})
    facts = _facts(format_name, shapes[0], shapes[1], labels, "names in its metadata")
    return replace(facts, several_outputs=len(model.graph.output) > 1)


def program_facts(path: Path, format_name: str) -> FileFacts:
    """Of the input and output of an exported program (.pt2). Raises CheckpointError."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [
                name
                for name in archive.namelist()
                if name.endswith("serialized_exported_program.json")
                or ("/models/" in name and name.endswith(".json"))
            ]
            content = json.loads(archive.open(names[0]).read(_MAX_JSON)) if names else {}
    except (zipfile.BadZipFile, OSError, ValueError, RecursionError) as error:
        raise CheckpointError(path, f"{_DAMAGED}: {error}") from error
    try:
        graph = content["graph_module"]["graph"]
        shapes = [_tensor_shape(graph, name) for name in (_user_input(content), _first_output(graph))]
    except (LookupError, TypeError, StopIteration):
        return FileFacts(format_name, holds_network=True)  # of a version with another description
    facts = _facts(format_name, shapes[0], shapes[1], (), "")
    return replace(facts, several_outputs=len(graph["outputs"]) > 1)


def _user_input(content: Any) -> str:
    specs = content["graph_module"]["signature"]["input_specs"]
    found = next(spec["user_input"] for spec in specs if "user_input" in spec)
    return str(found["arg"]["as_tensor"]["name"])


def _first_output(graph: Any) -> str:
    return str(graph["outputs"][0]["as_tensor"]["name"])


def _tensor_shape(graph: Any, name: str) -> list[int | None]:
    return [size.get("as_int") for size in graph["tensor_values"][name]["sizes"]]


def _axis(axis: Any) -> int | None:
    return int(axis.dim_value) if axis.HasField("dim_value") and axis.dim_value > 0 else None


def _facts(
    format_name: str, taken: list[int | None], given: list[int | None], labels: tuple[str, ...], origin: str
) -> FileFacts:
    channels, height, width = taken[1:4] if len(taken) == 4 else (None, None, None)
    outputs = given[-1] if len(given) == 2 else None
    return FileFacts(
        format=format_name,
        holds_network=True,
        outputs=outputs,
        outputs_reason=f"its output has {outputs:,} numbers" if outputs else "",
        channels=channels,
        size=(height, width) if height and width else None,
        labels=labels,
        labels_origin=origin if labels else "",
    )


def _labels(metadata: dict[str, str]) -> tuple[str, ...]:
    """Labels as Ultralytics and others write them: `names`, a Python or JSON dict from index to name."""
    text = metadata.get("names", metadata.get("labels", ""))
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return ()
    try:
        return labels_of(
            {str(key): name for key, name in value.items()} if isinstance(value, dict) else value
        )
    except ValueError:
        return ()

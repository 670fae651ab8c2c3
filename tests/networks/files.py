"""Files and catalogue entries of the networks, for every kind of source."""

import warnings
from pathlib import Path
from typing import Any, Literal

from tests.networks import NETWORKS, build

Kind = Literal["state_dict", "exported_program", "torchscript", "onnx"]
KINDS: tuple[Kind, ...] = ("state_dict", "exported_program", "torchscript", "onnx")

_ENDINGS = {"state_dict": ".pth", "exported_program": ".pt2", "torchscript": ".ts", "onnx": ".onnx"}


def write_file(name: str, kind: Kind, folder: Path, *, batch: int | None = None) -> Path:
    """Write the network `name` as a file of `kind`. `batch`: fixed batch size, where the kind has one."""
    import torch

    network, entry = build(name), NETWORKS[name]
    example = torch.zeros(batch or 2, entry.channels, *entry.size)
    path = folder / f"{name}{_ENDINGS[kind]}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript and the older exporter are deprecated, but in use
        if kind == "state_dict":
            torch.save({"epoch": 3, "state_dict": network.state_dict()}, path)
        elif kind == "exported_program":
            shapes = None if batch else ({0: torch.export.Dim("batch")},)
            torch.export.save(torch.export.export(network, (example,), dynamic_shapes=shapes), path)
        elif kind == "torchscript":
            traced = torch.jit.trace(network, example, strict=False, check_trace=False)  # type: ignore[no-untyped-call]
            torch.jit.save(traced, path)
        else:
            torch.onnx.export(
                network,
                (example,),
                path,
                dynamo=False,
                opset_version=17,
                input_names=["pixels"],
                dynamic_axes=None if batch else {"pixels": {0: "n"}},
            )
    return path


def entry_of(name: str, kind: Kind, path: Path, exporter: str = "torchscript") -> dict[str, Any]:
    """The catalogue entry for `path`, a file of `write_file`; `exporter` where there is a choice."""
    entry = NETWORKS[name]
    grey = entry.channels == 1
    numbers = [0.5] * entry.channels
    found: dict[str, Any] = {
        "name": name,
        "checkpoint": path.name,
        "task": entry.task,
        **({"exporter": exporter} if kind == "state_dict" else {}),
        "preprocessing": {
            "resize": list(entry.size),
            "filter": "bilinear",
            "mean": numbers,
            "std": numbers,
            **({"color": "grey"} if grey else {}),
        },
    }
    if entry.labels:
        found["labels"] = [f"label {number}" for number in range(entry.labels)]
    if kind == "state_dict":
        found["factory"] = entry.factory
        if entry.args:
            found["factory_args"] = dict(entry.args)
    return found

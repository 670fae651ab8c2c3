"""What a model is and where it came from, as pairs of term and text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch2web.site.report.wording import count
from torch2web.tasks import Task


@dataclass(frozen=True)
class Fact:
    term: str
    text: str
    code: str = ""
    """Set in a monospaced font after the text."""


_SOURCES = {
    "architecture": "an architecture of torch2web",
    "factory": "a function that builds it",
    "timm": "timm",
    "onnx": "the ONNX file itself",
    "torchscript": "the TorchScript file itself",
    "exported_program": "the exported program itself",
}
_EXPORTERS = {
    "torchscript": "torch.onnx.export by tracing (TorchScript)",
    "torch.export": "torch.onnx.export by torch.export",
    "onnx": "none: the file is ONNX already",
}


def purpose_of(model: Mapping[str, Any]) -> str:
    """One sentence: what comes out for a picture."""
    task = Task.from_value(model.get("task", "softmax"))
    labels = model["labels"]
    if task.kind == "embedding":
        length = model["output"]["shape"][1]
        return f"Turns a picture into a vector of {length} numbers, alike for pictures that are alike."
    if task.kind == "regression":
        return f"Estimates {_listed(labels)} of a picture."
    if not task.is_exclusive:
        return f"Says which of {_listed(labels)} a picture shows: one, several or none."
    return f"Says which one of {_listed(labels)} a picture shows."


def _listed(labels: Sequence[str]) -> str:
    if len(labels) > 8:
        return f"{len(labels):,} classes"
    return ", ".join(labels)


def facts_of(model: Mapping[str, Any]) -> Iterator[Fact]:
    """Weights, network, export, input, size and licence."""
    provenance = model["provenance"]
    checkpoint = provenance["checkpoint"]
    demo = "demo weights, " if provenance["weights"] == "demo" else ""
    key = f", state dict under {provenance['state_key']}" if provenance.get("state_key") else ""
    yield Fact("Weights", f"{demo}{checkpoint['name']}{key}")
    yield Fact("SHA-256 of the weights", "", checkpoint["sha256"])
    yield Fact("Network", f"{provenance['architecture']}, from {_source(provenance)}")
    if exporter := provenance.get("exporter"):
        yield Fact("Export", f"{_EXPORTERS[exporter['name']]}, opset {exporter['opset']}")
    yield Fact("Input", _input(model))
    if complexity := model.get("complexity"):
        yield Fact("Parameters", f"{count(complexity['parameters'])} ({complexity['parameters']:,})")
        yield Fact("Work for one picture", _work(complexity))
    yield Fact("Version", model["version"])
    yield Fact("Licence of the weights", provenance.get("license") or "not said")
    for note in provenance.get("notes", ()):
        yield Fact("Note", note)


def _source(provenance: Mapping[str, Any]) -> str:
    return _SOURCES[provenance.get("source", "architecture")]


def _work(complexity: Mapping[str, Any]) -> str:
    macs = complexity["macs"]
    text = f"{count(macs)} multiply-adds, which is {count(2 * macs)} FLOPs"
    if uncounted := complexity.get("uncounted"):
        return f"at least {text}; not counted: {', '.join(uncounted)}"
    return text


def _input(model: Mapping[str, Any]) -> str:
    _, channels, height, width = model["input"]["shape"]
    preprocessing = model["preprocessing"]
    color = preprocessing.get("color", "rgb")
    kinds = {"rgb": "RGB", "bgr": "BGR", "grey": "grey"}
    steps = ", then ".join(_STEPS.get(step["op"], step["op"]) for step in preprocessing["steps"])
    return f"{width} × {height} pixels, {kinds[color]} ({channels} channel{'s' * (channels > 1)}); {steps}"


_STEPS = {
    "resize": "resized",
    "center_crop": "cut from the middle",
    "pad": "padded",
    "letterbox": "fitted into the size with a border",
    "grey": "made grey",
}

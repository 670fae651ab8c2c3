"""Metadata and usage of a model card, as Hugging Face's model hub reads them."""

from collections.abc import Mapping
from typing import Any

from torch2web.site.report.view import ModelView
from torch2web.tasks import Task


def metadata_of(view: ModelView) -> dict[str, Any]:
    """The YAML block of a model card (Hugging Face Hub, "Model Cards"): nothing in it is guessed."""
    entry = view.entry
    task = Task.from_value(entry.get("task", "softmax"))
    tag = _PIPELINES.get(task.kind, "image-classification")
    metadata: dict[str, Any] = {}
    if license_ := entry["provenance"].get("license"):
        metadata["license"] = license_
    metadata["library_name"] = "onnx"
    if tag:
        metadata["pipeline_tag"] = tag
    metadata["tags"] = [
        "onnx",
        "onnxruntime",
        "onnxruntime-web",
        "pytorch",
        "torch2web",
        *_TAGS[task.meaning],
    ]
    if results := _results(view):
        metadata["model-index"] = [{"name": view.title, "results": results}]
    return metadata


_PIPELINES: Mapping[str, str] = {"embedding": "image-feature-extraction", "regression": ""}
"""The hub's pipelines; it has none for numbers."""

_TAGS: Mapping[str, tuple[str, ...]] = {
    "softmax": (),
    "sigmoid": ("multi-label",),
    "binary": ("binary-classification",),
    "embedding": ("embeddings",),
    "regression": ("image-regression",),
}


def _results(view: ModelView) -> list[dict[str, Any]]:
    """`results` of `model-index`: accuracy on labelled pictures, where it was measured."""
    measured = [found for found in view.confusions if "refused" not in found.name]
    if not measured:
        return []
    metrics = [
        {
            "type": "accuracy",
            "value": round(found.share, 4),
            "name": f"Accuracy of {found.name}",
            "verified": False,
        }
        for found in measured
    ]
    dataset = {"type": "imagefolder", "name": f"{measured[0].images} labelled pictures of its maker"}
    return [
        {
            "task": {"type": "image-classification", "name": "Image Classification"},
            "dataset": dataset,
            "metrics": metrics,
        }
    ]


def snippet_of(view: ModelView) -> str:
    """Python that runs the ONNX file; empty where the site has none."""
    plain = view.entry.get("plain")
    if not plain:
        return ""
    name = plain["path"].rpartition("/")[2]
    _, channels, height, width = view.entry["input"]["shape"]
    return (
        "import numpy as np\n"
        "import onnxruntime\n\n"
        f'session = onnxruntime.InferenceSession("{name}")\n'
        f"image = np.zeros((1, {channels}, {height}, {width}), np.float32)  # preprocessed as above\n"
        '(outputs,) = session.run(["output"], {"input": image})'
    )

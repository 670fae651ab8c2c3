"""What a page shows of a model by its task: JavaScript for pages of others, and figures of a variant."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch2web.catalog import ModelSpec


@dataclass(frozen=True)
class Snippet:
    """JavaScript that loads a model and uses it on images of the page."""

    exports: str
    """What it needs of torch2web.js."""
    lines: tuple[str, ...]

    @classmethod
    def of(cls, spec: ModelSpec, integrity: str = "") -> "Snippet":
        """The lines for the task of `spec`; with the manifest's `integrity` for the loader itself."""
        name, image = json.dumps(spec.name), 'document.querySelector("img")'
        options = {"task": spec.task.kind if spec.task.kind == "regression" else "", "integrity": integrity}
        given = ", ".join(f"{key}: {json.dumps(value)}" for key, value in options.items() if value)
        load = f"const model = await loadModel({name}{f', {{ {given} }}' if given else ''});"
        if spec.task.kind == "embedding":
            lines = (
                load,
                'const [first, second] = document.querySelectorAll("img");',
                "console.log(similarity(await model.embed(first), await model.embed(second)));",
            )
            return cls("loadModel, similarity", lines)
        if spec.task.kind == "regression":
            wanted, logged = "values", "values"
        elif spec.task.is_exclusive:
            wanted, logged = "label, confidence", "label, confidence"
        else:
            wanted, logged = "labels", "labels"
        predict = f"const {{ {wanted} }} = await model.predict({image});"
        return cls("loadModel", (load, predict, f"console.log({logged});"))


def shown_difference(figures: Mapping[str, Any]) -> str:
    """How far what users see is from PyTorch's: of percentages, numbers or vectors."""
    if "cosine_min" in figures:
        return f"cosine {figures['cosine_min']:.6f}"
    if "values_max_rel_diff" in figures:
        return f"{100 * figures['values_max_rel_diff']:.3f} % of the range"
    return f"{100 * figures['probabilities_max_abs_diff']:.3f} %"


def same_answers(figures: Mapping[str, Any]) -> str:
    """How often a classifier answers the same as PyTorch: on how many of the pictures, or of the labels' yes
    and no what share."""
    if "top1_agreement" in figures:
        same, images, ties = counted_answers(figures)
        return f"{same} of {images}" + (f", {ties} tie{'s' * (ties > 1)}" if ties else "")
    share = figures.get("labels_agreement")
    return "–" if share is None else f"{100 * share:.1f} %"


def short_same_answers(figures: Mapping[str, Any]) -> str:
    """The same in any language: 41/42."""
    if "top1_agreement" in figures:
        same, images, _ = counted_answers(figures)
        return f"{same}/{images}"
    return same_answers(figures)


def counted_answers(figures: Mapping[str, Any]) -> tuple[int, int, int]:
    """Pictures with PyTorch's answer, of how many, and how many of the others are ties."""
    images = int(figures["images"])
    return round(figures["top1_agreement"] * images), images, round(figures.get("ties", 0) * images)

"""What changed from one build to another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.site.manifest import read_site_manifest
from torch2web.site.report import read_data
from torch2web.tasks import Task
from torch2web.versions.record import Build


@dataclass(frozen=True)
class ModelChange:
    """A model that is in one build or both."""

    name: str
    versions: tuple[str, str]
    """Empty where a build has no such model."""
    bytes: tuple[int, int]
    """What a visitor downloads for the default variant."""
    new_bytes: int
    """Of these, what one who has the old ones downloads."""
    differences: tuple[float | None, float | None]
    """Largest difference of the default variant's outputs from PyTorch."""
    labels: tuple[tuple[str, ...], tuple[str, ...]]
    """That only the old one has, and only the new one."""
    moved: tuple[tuple[int, str, str], ...]
    """Outputs that have another label, of those that both builds know: index, old, new."""
    agreement: tuple[int, int] | None
    """Reference pictures with the same first answer, of how many; None where none can be compared."""


@dataclass(frozen=True)
class Comparison:
    models: tuple[ModelChange, ...]
    new_bytes: int
    """Of all files that the old build does not have."""
    removed_bytes: int


def compare_builds(old: tuple[Build, Path], new: tuple[Build, Path]) -> Comparison:
    """Compare two builds, each with the folder of its site."""
    before, after = (_models(site) for _, site in (old, new))
    names = list(dict.fromkeys([*after, *before]))
    answers = tuple(_answers(site) for _, site in (old, new))
    sums = [{file.sha256: file.size for file in build.files} for build, _ in (old, new)]
    return Comparison(
        tuple(_change(name, before.get(name), after.get(name), answers) for name in names),
        sum(size for sha256, size in sums[1].items() if sha256 not in sums[0]),
        sum(size for sha256, size in sums[0].items() if sha256 not in sums[1]),
    )


def _change(
    name: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    answers: tuple[Mapping[str, Any], ...],
) -> ModelChange:
    old, new = (_parts(model) for model in (before, after))
    labels = [tuple(model["labels"]) if model else () for model in (before, after)]
    return ModelChange(
        name,
        tuple(model["version"] if model else "" for model in (before, after)),  # type: ignore[arg-type]
        (sum(old.values()), sum(new.values())),
        sum(size for sha256, size in new.items() if sha256 not in old),
        (_difference(before), _difference(after)),
        (
            tuple(label for label in labels[0] if label not in labels[1]),
            tuple(label for label in labels[1] if label not in labels[0]),
        ),
        _moved(labels),
        _agreement(labels, answers[0].get(name), answers[1].get(name)),
    )


def _moved(labels: list[tuple[str, ...]]) -> tuple[tuple[int, str, str], ...]:
    before, after = map(set, labels)
    pairs = enumerate(zip(*labels, strict=False))
    return tuple(
        (index, old, new) for index, (old, new) in pairs if old != new and old in after and new in before
    )


def _models(site: Path) -> dict[str, Mapping[str, Any]]:
    return {model["name"]: model for model in read_site_manifest(site)["models"]}


def _parts(model: Mapping[str, Any] | None) -> dict[str, int]:
    """Size by SHA-256 of what a visitor downloads: the plan, else the graph, and the default weights."""
    if model is None:
        return {}
    files = [model.get("plan") or model.get("graph"), model["variants"][0]["weights"]]
    return {part["sha256"]: part["size"] for file in files if file for part in file["parts"]}


def _difference(model: Mapping[str, Any] | None) -> float | None:
    return float(model["variants"][0]["verification"]["logits_max_abs_diff"]) if model else None


def _answers(site: Path) -> dict[str, Mapping[str, Any]]:
    """First answer by the hash of the picture, by model; of classifiers, as other tasks have no first one."""
    data, models = read_data(site), _models(site)
    pictures = data.get("pictures", {}).get("sha256", ())
    return {
        model["name"]: {picture: top[0][0] for picture, top in zip(pictures, model["answers"], strict=False)}
        for model in data.get("models", ())
        if model["name"] in models and Task.from_value(models[model["name"]]["task"]).has_labels
    }


def _agreement(
    labels: list[tuple[str, ...]], old: Mapping[str, int] | None, new: Mapping[str, int] | None
) -> tuple[int, int] | None:
    common = [picture for picture in old or () if picture in (new or {})]
    if not old or not new or not common:
        return None
    same = sum(_label(labels[0], old[picture]) == _label(labels[1], new[picture]) for picture in common)
    return same, len(common)


def _label(labels: tuple[str, ...], index: int) -> str:
    return labels[index] if index < len(labels) else json.dumps(index)

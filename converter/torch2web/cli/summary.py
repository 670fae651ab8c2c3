"""What a build prints of its models: figures of the export, and the outcome of each variant."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch2web.cli.accuracy_tables import print_accuracy
from torch2web.cli.terminal import Output
from torch2web.pipeline import BuiltModel
from torch2web.site.manifest import ModelRecord
from torch2web.site.writers import same_answers
from torch2web.sizes import shown_size

SEARCHED = "compact"
"""The variant that `--effort full` searches: `variants.COMPACT`, without the import of onnx."""


def print_summary(output: Output, models: Sequence[BuiltModel]) -> None:
    """Print a table of the models, one of their variants, and a warning for each doubt."""
    rows = [_row_of(model) for model in models]
    headings = ("model", "size", "export", "max diff", "mean diff", "same answer", "seconds")
    output.table(headings, rows)
    output.line("")
    output.table(
        ("what visitors download", "size", "max diff", "probability", "same answer", "outcome"),
        [row for model in models for row in _variant_rows(model.record)],
    )
    for line in _explained(models):
        output.line(line)
    for model in models:
        output.line(f"{model.record.spec.name}: {_origin(model.record.source)}")
        print_accuracy(output, model.record)
        for note in model.record.source.get("notes", ()):
            output.line(f"{model.record.spec.name}: {note}")
        if model.record.verification["dead"]:
            output.warning(
                f"{model.record.spec.name}: its logits do not depend on the picture (--allow-dead)."
            )
        spec = model.record.spec
        if spec.task.kind == "probabilities":
            layer = "softmax" if spec.task.of == "softmax" else "sigmoid"
            output.line(
                f"{spec.name}: the network ends in {layer} itself: its outputs are shown as they are."
            )
        if distances := _distances(model.record):
            output.line(f"{spec.name}: {distances}")
        if model.record.no_graph:
            output.warning(
                f"{model.record.spec.name}: built for the compiled backend alone, without a fallback and "
                f"without smaller variants: in onnxruntime, {model.record.no_graph}"
            )
        if model.record.no_plan:
            output.warning(
                f"{model.record.spec.name}: built without the compiled backend: {model.record.no_plan}"
            )


def _explained(models: Sequence[BuiltModel]) -> Iterator[str]:
    """What the columns mean; what a tie is, where there is one."""
    yield "max diff: largest difference from PyTorch's raw scores"
    yield "probability: the same, from its probabilities (0 to 1)"
    yield "same answer: pictures with PyTorch's answer; default: what visitors get, the smallest that passed"
    outcomes = [outcome for model in models for outcome in _outcomes(model.record)]
    if not any(name == SEARCHED for name, *_ in outcomes):
        yield "smaller weights: --effort full searches them, in a minute or two for each model"
    if any("ties" in (figures or ()) for _, _, figures, _ in outcomes):
        yield "tie: two labels as good as equal, between which rounding decides; the gate does not count it"


def _origin(source: Mapping[str, Any]) -> str:
    """Network, weights and exporter."""
    weights = f", weights under {source['state_key']!r}" if source.get("state_key") else ""
    exporter = "" if source["exporter"]["name"] == "onnx" else f", exported by {source['exporter']['name']}"
    return f"network {source['architecture']}{weights}{exporter}"


_CLEARLY = 4
"""A difference so many times another one is not chance."""


def _distances(record: ModelRecord) -> str:
    """Whose error the differences are; empty where what computes is as exact as PyTorch, more or less.

    That is where a backend was left out, or where one is clearly further from float64 than PyTorch and not
    far from the tolerance.
    """
    found = dict(record.float64 or {})
    if not found:
        return ""
    found.pop("vectors")
    furthest = max(found.values())
    notable = (
        furthest > _CLEARLY * found["pytorch"] and furthest * _CLEARLY > record.verification["tolerance"]
    )
    if not (record.no_graph or notable):
        return ""
    names = {
        "pytorch": "PyTorch in float32",
        "onnxruntime": "onnxruntime",
        "compiled": "the compiled backend",
    }
    listed = ", ".join(f"{text} {found[name]:.1e}" for name, text in names.items() if name in found)
    return f"difference from PyTorch in float64: {listed}"


def _agreement(figures: Mapping[str, Any]) -> str:
    """How often a variant gives the same answer, in the figure of its task."""
    if "top1_agreement" in figures:
        return same_answers(figures)
    if "labels_agreement" in figures:
        return f"labels {figures['labels_agreement']:.1%}"
    return f"cosine {figures['cosine_min']:.5f}" if "cosine_min" in figures else "–"


def _difference(figures: Mapping[str, Any]) -> str:
    """Largest difference of what users see: of a probability, or of a number as a share of its range."""
    if "probabilities_max_abs_diff" in figures:
        return f"{figures['probabilities_max_abs_diff']:.1e}"
    return f"range {figures['values_max_rel_diff']:.2%}" if "values_max_rel_diff" in figures else "–"


def _row_of(model: BuiltModel) -> tuple[str, ...]:
    record, figures = model.record, model.record.verification
    return (
        record.spec.name,
        shown_size(record.plain.size) if record.plain else "left out",
        f"opset {record.source['exporter']['opset']}",
        f"{figures['logits_max_abs_diff']:.1e}",
        f"{figures['logits_mean_abs_diff']:.1e}",
        _agreement(figures),
        "kept" if model.seconds is None else f"{model.seconds:.1f}",
    )


def _outcomes(record: ModelRecord) -> list[tuple[str, int, Mapping[str, Any] | None, str]]:
    """Name, bytes, figures and outcome of each variant: those of the site, left out, refused."""
    outcomes: list[tuple[str, int, Mapping[str, Any] | None, str]] = [
        (variant.name, variant.weights.size, variant.verification, "default" if not index else "passed")
        for index, variant in enumerate(record.variants)
    ]
    outcomes += [
        (variant["name"], variant["weights"]["size"], variant["verification"], "passed, left out")
        for variant in record.left_out
    ]
    outcomes += [
        (entry["name"], entry["size"], entry["verification"], f"refused: {entry['reason']}")
        for entry in record.refused
    ]
    return outcomes


def _variant_rows(record: ModelRecord) -> Iterator[tuple[str, ...]]:
    for name, size, figures, outcome in _outcomes(record):
        measured = (
            (
                f"{figures['logits_max_abs_diff']:.1e}",
                _difference(figures),
                _agreement(figures),
            )
            if figures
            else ("–", "–", "–")
        )
        yield f"{record.spec.name} {name}", shown_size(size), *measured, outcome

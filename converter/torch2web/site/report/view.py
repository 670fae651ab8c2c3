"""What the templates of a report show, from the manifest, report.json and measurements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch2web.site.report.advice import Advice, advise, download_of
from torch2web.site.report.answers import Answer, answers_of
from torch2web.site.report.backends import BackendRow, Timing, backend_rows, timings_of
from torch2web.site.report.charts import Candidate, Curve, DotPlot, curve, dot_plot
from torch2web.site.report.confusion import Confusion, confusions_of
from torch2web.site.report.facts import Fact, facts_of, purpose_of
from torch2web.site.writers import counted_answers
from torch2web.tasks import MAX_TIE, Task

DEFAULT = "default"
"""Outcome of the variant that the loader takes unless told otherwise."""


_FAR = 50
"""Times what the gate allows: further away nothing is drawn."""


@dataclass(frozen=True)
class VariantRow:
    """One way to store a model's weights, and what became of it."""

    name: str
    size: int
    outcome: str
    """DEFAULT, or what else became of it."""
    kept: bool
    figures: Mapping[str, Any] | None
    """None where its outputs were of no use."""
    reason: str
    """Of a refusal; empty otherwise."""


@dataclass(frozen=True)
class PictureRow:
    """A reference picture, with the answers to it."""

    number: int
    """Of its thumbnail."""
    name: str
    python: Answer
    shipped: Answer
    browsers: tuple[Answer | None, ...]
    """In the order of `ModelView.browsers`; None: not measured."""
    difference: float | None
    tie: str
    """Both percentages, of PyTorch's label and of the one that ships, where they are a tie; else empty."""


@dataclass(frozen=True)
class ModelView:
    """One model of a report."""

    entry: Mapping[str, Any]
    """The manifest's."""
    purpose: str
    facts: tuple[Fact, ...]
    advice: Advice
    download: int
    variants: tuple[VariantRow, ...]
    plot: DotPlot | None
    curve: Curve | None
    curve_unit: str
    backends: tuple[BackendRow, ...]
    timings: tuple[Timing, ...]
    browsers: tuple[str, ...]
    """Browsers whose answers were measured."""
    pictures: tuple[PictureRow, ...]
    confusions: tuple[Confusion, ...]

    @property
    def name(self) -> str:
        return str(self.entry["name"])

    @property
    def title(self) -> str:
        return str(self.entry["title"])

    @property
    def default(self) -> VariantRow:
        """The variant that visitors download."""
        return next(row for row in self.variants if row.outcome == DEFAULT)

    @property
    def differing(self) -> tuple[PictureRow, ...]:
        """Pictures with another answer than PyTorch's, from the variant that ships or from a browser."""
        return tuple(row for row in self.pictures if not _agree(row))

    @property
    def ties(self) -> bool:
        """Whether a variant has ties."""
        return any("ties" in (row.figures or {}) for row in self.variants)

    @property
    def ordered(self) -> tuple[PictureRow, ...]:
        """The pictures, with the differing ones first."""
        return (*self.differing, *(row for row in self.pictures if _agree(row)))

    @property
    def difference(self) -> str:
        """How many pictures get another answer, and which of them are ties: one or two sentences."""
        found, ties = len(self.differing), [row.tie for row in self.differing if row.tie]
        gets = "pictures gets" if found == 1 else "pictures get"
        said = f"{found} of {len(self.pictures)} {gets} another answer than PyTorch's"
        if not ties:
            return f"{said}."
        shown = "; ".join(ties[:3]) + ("; …" if len(ties) > 3 else "")
        if found == 1:
            return f"{said}: a tie ({shown}), which the gate does not count."
        what = "is a tie" if len(ties) == 1 else "are ties"
        whose = "All" if len(ties) == found else f"{len(ties)} of these"
        return f"{said}. {whose} {what} ({shown}), which the gate does not count."


def _agree(row: PictureRow) -> bool:
    return all(answer.key == row.python.key for answer in (row.shipped, *row.browsers) if answer)


def model_views(
    manifest: Mapping[str, Any], data: Mapping[str, Any], measured: Sequence[Mapping[str, Any]]
) -> tuple[ModelView, ...]:
    """The models of `manifest`; `data` is report.json or empty, `measured` what `report --browser` found."""
    models = manifest.get("models", ())
    by_name = {entry["name"]: entry for entry in data.get("models", ())}
    names = data.get("pictures", {}).get("names", ())
    return tuple(
        _view(manifest, model, by_name.get(model["name"], {}), names, advice, measured)
        for model, advice in zip(models, advise(models), strict=True)
    )


def _view(
    manifest: Mapping[str, Any],
    model: Mapping[str, Any],
    data: Mapping[str, Any],
    names: Sequence[str],
    advice: Advice,
    measured: Sequence[Mapping[str, Any]],
) -> ModelView:
    rows = tuple(sorted(_variant_rows(model, data), key=lambda row: (not row.kept, row.size)))
    limit = model["gate"].get("probabilities_max_abs_diff", model["gate"].get("values_max_rel_diff"))
    by_name = {variant["name"]: variant["differences"] for variant in data.get("variants", ())}
    differences = [(row.name, by_name[row.name]) for row in rows if row.name in by_name]
    found = [_of_model(engine, model["name"]) for engine in measured]
    browsers = [
        (engine["title"], entry["answers"])
        for engine, entry in zip(measured, found, strict=True)
        if entry.get("answers")
    ]
    return ModelView(
        entry=model,
        purpose=purpose_of(model),
        facts=tuple(facts_of(model)),
        advice=advice,
        download=download_of(model),
        variants=rows,
        plot=dot_plot(names, differences, model["verification"].get("tolerance")),
        curve=curve([*_candidates(rows)], limit, _tried(data, limit)),
        curve_unit="probability"
        if "top1_agreement" in model["gate"] or "labels_agreement" in model["gate"]
        else "share of the range",
        backends=tuple(backend_rows(manifest, model)),
        timings=tuple(timings_of(measured, model["name"])),
        browsers=tuple(title for title, _ in browsers),
        pictures=tuple(_picture_rows(model, data, names, [answers for _, answers in browsers])),
        confusions=tuple(confusions_of(model)),
    )


def _of_model(engine: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next((entry for entry in engine["models"] if entry["name"] == name), {})
    return found


def _variant_rows(model: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[VariantRow]:
    for number, variant in enumerate(model["variants"]):
        outcome = DEFAULT if number == 0 else "in the site"
        yield VariantRow(
            variant["name"], variant["weights"]["size"], outcome, True, variant["verification"], ""
        )
    for variant in data.get("variants", ()):
        if not variant["shipped"]:
            yield VariantRow(
                variant["name"], variant["size"], "passed, left out", True, variant["verification"], ""
            )
    for refused in model["refused"]:
        yield VariantRow(
            refused["name"], refused["size"], "refused", False, refused.get("verification"), refused["reason"]
        )


def _candidates(rows: Sequence[VariantRow]) -> Iterator[Candidate]:
    """Of the rows that have the figure which the gate limits."""
    for row in rows:
        figures = row.figures or {}
        value = figures.get("probabilities_max_abs_diff", figures.get("values_max_rel_diff"))
        if value is None and "cosine_min" in figures:
            value = 1 - figures["cosine_min"]
        if value is not None:
            yield Candidate(row.name, row.size, value, row.kept)


def _tried(data: Mapping[str, Any], limit: float | None) -> list[tuple[int, float]]:
    """Bytes and difference of what the search tried, with the figure that the gate limits to `limit`."""
    found = [point for variant in data.get("variants", ()) for point in variant.get("search", ())]
    return [(int(size), share * limit) for size, share in found if limit and share < _FAR]


def _picture_rows(
    model: Mapping[str, Any],
    data: Mapping[str, Any],
    names: Sequence[str],
    browsers: Sequence[Sequence[Any]],
) -> Iterator[PictureRow]:
    python, shipped = (data.get(key) or () for key in ("python", "answers"))
    if not (python and shipped):
        return
    task, labels = Task.from_value(model.get("task", "softmax")), model["labels"]
    differences = data["variants"][0]["differences"]
    ties = _ties(model, python, shipped)
    for number, name in enumerate(names):
        yield PictureRow(
            number=number,
            name=name,
            python=answers_of(task, labels, python[number]),
            shipped=answers_of(task, labels, shipped[number]),
            browsers=tuple(
                answers_of(task, labels, answers[number]) if answers[number] else None for answers in browsers
            ),
            difference=differences[number] if differences else None,
            tie=ties.get(number, ""),
        )


def _ties(model: Mapping[str, Any], python: Sequence[Any], shipped: Sequence[Any]) -> dict[int, str]:
    """The ties that the verification counted, by picture: those whose two labels are closest in PyTorch."""
    figures = model["variants"][0]["verification"]
    if not ("ties" in figures and "top1_agreement" in figures):
        return {}
    margins: dict[int, tuple[float, str]] = {}
    for number, (top, found) in enumerate(zip(python, shipped, strict=True)):
        (first, highest), (chosen, _) = top[0], found[0]
        value = {int(index): share for index, share in top}.get(int(chosen))
        if chosen != first and value is not None and highest - value <= MAX_TIE:
            margins[number] = highest - value, f"{100 * highest:.1f} % against {100 * value:.1f} %"
    closest = sorted(margins, key=lambda number: margins[number][0])[: counted_answers(figures)[2]]
    return {number: margins[number][1] for number in closest}

"""Renders a report: as a page that needs no other file, as Markdown for a pull request, as model cards."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch2web.assets import Assets
from torch2web.site.report.markdown import inline, yaml_text
from torch2web.site.report.model_card import metadata_of, snippet_of
from torch2web.site.report.view import ModelView, model_views
from torch2web.site.report.wording import count, difference
from torch2web.site.writers import Templates, render
from torch2web.store import integrity
from torch2web.text_files import decode_text

_STYLES = "templates/report/"


@dataclass(frozen=True)
class ReportInputs:
    """Everything that a report is written from."""

    manifest: Mapping[str, Any]
    """model_info.json"""
    manifest_sha256: str
    data: Mapping[str, Any]
    """report.json; empty where a site has none."""
    measured: Sequence[Mapping[str, Any]] = ()
    """What `report --browser` found, by engine."""
    devices: Mapping[str, Any] = field(default_factory=dict)
    """Variables of the section about devices that checked themselves; empty: there is no such section."""

    @cached_property
    def models(self) -> tuple[ModelView, ...]:
        """Made once: the card of each model needs the views of all."""
        return model_views(self.manifest, self.data, self.measured)


def report_page(assets: Assets, inputs: ReportInputs) -> bytes:
    """The report as HTML with its style and pictures inside; it has no script."""
    thumbnails = inputs.data.get("pictures", {}).get("thumbnails", {})
    style = _style(assets, thumbnails, len(inputs.data.get("pictures", {}).get("names", ())))
    return render(
        assets,
        "report.html.j2",
        **_shared(inputs),
        devices=inputs.devices,
        style=style,
        style_integrity=integrity(hashlib.sha256(style.encode()).hexdigest()),
    )


def conversion_report(assets: Assets, inputs: ReportInputs) -> bytes:
    """The report as Markdown of GitHub's kind."""
    return render(assets, "report/CONVERSION_REPORT.md.j2", **_shared(inputs), md=inline)


def model_cards(assets: Assets, inputs: ReportInputs) -> dict[str, bytes]:
    """A model card in Hugging Face's format for each model, by its name."""
    templates = Templates(assets)
    return {
        view.name: templates.render(
            "report/model_card.md.j2",
            **_shared(inputs),
            model=view,
            metadata=yaml_text(metadata_of(view)),
            snippet=snippet_of(view),
            md=inline,
        )
        for view in inputs.models
    }


def _shared(inputs: ReportInputs) -> dict[str, Any]:
    return {
        "manifest": inputs.manifest_sha256,
        "generator": inputs.manifest.get("generator", ""),
        "models": inputs.models,
        "measured": inputs.measured,
        "pictures": len(inputs.data.get("pictures", {}).get("names", ())),
        "count": count,
        "difference": difference,
    }


def _style(assets: Assets, thumbnails: Mapping[str, Any], pictures: int) -> str:
    """The page's tokens, the report's rules, and a class for each thumbnail."""
    paths = [
        "templates/tokens.css",
        *sorted(path for path in assets.below(_STYLES) if path.endswith(".css")),
    ]
    style = "".join(decode_text(assets.read(path), path) for path in paths)
    if not pictures:
        return style
    columns = thumbnails["columns"]
    places = [(-(number % columns), -(number // columns)) for number in range(pictures)]
    cell = "var(--thumb)"
    rules = "".join(
        f".t{number}{{background-position:calc({x} * {cell}) calc({y} * {cell})}}\n"
        for number, (x, y) in enumerate(places)
    )
    rows = -(-pictures // columns)
    size = f"calc({min(columns, pictures)} * {cell}) calc({rows} * {cell})"
    sheet = f'url("data:image/jpeg;base64,{thumbnails["jpeg"]}")'
    return f"{style}.thumb{{background-image:{sheet};background-size:{size}}}\n{rules}"

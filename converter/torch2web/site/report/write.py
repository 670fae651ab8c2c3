"""Writes the report of a build into the site."""

from collections.abc import Sequence
from pathlib import Path

from torch2web.assets import Assets
from torch2web.catalog import ReferenceImage
from torch2web.site.manifest import ModelRecord, read_site_manifest
from torch2web.site.report.data import DATA, data_json, report_data
from torch2web.site.report.documents import ReportInputs, conversion_report, model_cards, report_page
from torch2web.store import FileRecord, write_bytes_hashed

PAGE = "report.html"
CONVERSION_REPORT = "CONVERSION_REPORT.md"


def card_path(name: str) -> str:
    """Path of the model card of the model `name`, in a site."""
    return f"model_cards/{name}.md"


def write_report(
    root: Path,
    assets: Assets,
    manifest: FileRecord,
    models: Sequence[ModelRecord],
    images: Sequence[ReferenceImage],
) -> list[FileRecord]:
    """Write the report of `models`, verified on `images`, and its data; `manifest` is in `root` already."""
    data = report_data(models, images)
    inputs = ReportInputs(read_site_manifest(root), manifest.sha256, data)
    files = {
        PAGE: report_page(assets, inputs),
        DATA: data_json(data),
        CONVERSION_REPORT: conversion_report(assets, inputs),
    }
    files |= {card_path(name): card for name, card in model_cards(assets, inputs).items()}
    return [write_bytes_hashed(root, path, text) for path, text in files.items()]

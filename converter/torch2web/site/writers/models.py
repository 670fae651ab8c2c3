"""Puts a model's verified files into the site."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from torch2web.catalog import ModelSpec
from torch2web.errors import OutputError
from torch2web.site.manifest import Delivery, FeaturesFiles, HeatmapFiles, ModelRecord, VariantRecord, Weights
from torch2web.store import (
    MODEL,
    PART_SIZE,
    PARTS,
    CachedConversion,
    FileRecord,
    PartedFile,
    VerifiedFiles,
    write_parts,
)
from torch2web.tasks import Task


def place_model(
    root: Path, spec: ModelSpec, weights: Weights, conversion: CachedConversion, delivery: Delivery
) -> ModelRecord:
    """Give the files of `conversion` names in `root` too.

    Raises OutputError where one is not the one that was verified.
    """
    record = conversion.record
    part_size = min(PART_SIZE, delivery.max_file_size)
    backends = delivery.backends
    with_graph = backends.with_runtime and record["graph"]
    planned = backends.with_engine and record["plan"]

    def place_parts(file: PartedFile) -> PartedFile:
        if part_size < PART_SIZE:
            return _split_anew(root, conversion.files, file, part_size)
        for part in file.parts:
            conversion.files.place(part.path, root / part.path)
        return file

    def second_graph(found: dict[str, Any] | None) -> dict[str, Any] | None:
        """`found` with its files placed; None where no backend of the site computes it."""
        if not found:
            return None
        kept = {"graph": with_graph, "plan": planned}
        files = {
            name: place_parts(PartedFile.from_dict(found[name])) if kept[name] and found[name] else None
            for name in kept
        }
        return {**found, **files} if any(files.values()) else None

    heatmap, features = second_graph(record["heatmap"]), second_graph(record["features"])
    plain = None
    if delivery.full_onnx and record["graph"]:
        model = FileRecord(**record["model"])
        plain = FileRecord(f"models/{spec.output}", model.size, model.sha256)
        conversion.files.place(MODEL, root / plain.path)
    return ModelRecord(
        spec=replace(spec, task=Task.from_value(record["task"])),
        weights=weights,
        plain=plain,
        graph=place_parts(PartedFile.from_dict(record["graph"])) if with_graph else None,
        no_graph=record["no_graph"] if backends.with_runtime else "",
        plan=place_parts(PartedFile.from_dict(record["plan"])) if planned else None,
        no_plan=record["no_plan"] if backends.with_engine else "",
        source=record["source"],
        verification=record["verification"],
        variants=tuple(
            VariantRecord(
                name=variant["name"],
                weights=place_parts(PartedFile.from_dict(variant["weights"])),
                verification=variant["verification"],
                golden=variant["golden"],
                logits=variant["logits"],
                bounds=variant["bounds"],
            )
            for index, variant in enumerate(record["variants"])
            if index == 0 or delivery.includes(variant["name"], variant["weights"]["size"])
        ),
        left_out=tuple(
            variant
            for index, variant in enumerate(record["variants"])
            if index and not delivery.includes(variant["name"], variant["weights"]["size"])
        ),
        golden=record["golden"],
        refused=record["refused"],
        reference=record["reference"],
        heatmap=HeatmapFiles(**heatmap) if heatmap else None,
        features=FeaturesFiles(**features) if features else None,
        outputs=record["outputs"],
    )


def _split_anew(root: Path, files: VerifiedFiles, file: PartedFile, part_size: int) -> PartedFile:
    """Write `file` in smaller parts than the stored ones."""
    content = b"".join(files.read(part.path) for part in file.parts)
    split = write_parts(root, PARTS, content, part_size)
    if split.sha256 != file.sha256:
        problem = f"its parts make up SHA-256 {split.sha256}, expected {file.sha256}"
        raise OutputError(files.folder, f"{problem}; build again")
    return split

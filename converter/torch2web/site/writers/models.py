"""Puts a model's verified files into the site."""

import hashlib
from dataclasses import replace
from pathlib import Path

from torch2web.catalog import ModelSpec
from torch2web.errors import OutputError
from torch2web.site.manifest import Delivery, ModelRecord, SecondGraphFiles, VariantRecord, Weights
from torch2web.store import (
    MODEL,
    PART_SIZE,
    PARTS,
    CachedConversion,
    FileRecord,
    PartedFile,
    VerifiedFiles,
    decoded,
    write_coded_parts,
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

    def second_graph(name: str) -> SecondGraphFiles | None:
        """None where the model has no such graph, or no backend of the site runs it."""
        if not (facts := dict(record[name] or {})):
            return None
        graph, plan = facts.pop("graph"), facts.pop("plan")
        files = SecondGraphFiles(
            facts,
            place_parts(PartedFile.from_dict(graph)) if with_graph else None,
            place_parts(PartedFile.from_dict(plan)) if planned and plan else None,
        )
        return files if files.files else None

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
        tiles=record["tiles"],
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
                calibration_images=variant["calibration_images"],
                search=variant["search"],
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
        float64=record["float64"],
        heatmap=second_graph("heatmap"),
        features=second_graph("features"),
        outputs=record["outputs"],
        complexity=record["complexity"],
    )


def _split_anew(root: Path, files: VerifiedFiles, file: PartedFile, part_size: int) -> PartedFile:
    """Write `file` in smaller parts than the stored ones."""
    stored = [files.read(part.path) for part in file.parts]
    found = hashlib.sha256(b"".join(stored)).hexdigest()
    if found != file.sha256:
        problem = f"its parts make up SHA-256 {found}, expected {file.sha256}"
        raise OutputError(files.folder, f"{problem}; build again")
    write = write_coded_parts if file.coded else write_parts
    content = b"".join(decoded(part, content) for part, content in zip(file.parts, stored, strict=True))
    return write(root, PARTS, content, part_size)

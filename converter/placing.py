"""Puts a model's verified files into the site."""

from pathlib import Path
from typing import Any

from converter.bundle import Delivery
from converter.cache import Entry
from converter.catalog import ModelSpec
from converter.errors import OutputError
from converter.hashing import read_blocks, write_hashed
from converter.manifest import ModelRecord, VariantRecord, Weights
from converter.parts import PART_SIZE, PartedFile, write_parts

PARTS = "models/parts/*.bin"


def place_model(
    root: Path, spec: ModelSpec, weights: Weights, entry: Entry, record: dict[str, Any], delivery: Delivery
) -> ModelRecord:
    """Copy the files of the conversion `entry` into `root`.

    Raises OutputError where one is not the one that was verified.
    """
    part_size = min(PART_SIZE, delivery.max_file_size)

    def place_parts(path: Path) -> PartedFile:
        placed = write_parts(root, PARTS, path, part_size)
        _require_verified(path, placed.sha256, record["sums"])
        return placed

    plain = None
    if delivery.plain_models:
        plain = write_hashed(root, f"models/{spec.output}", read_blocks(entry.model))
        _require_verified(entry.model, plain.sha256, record["sums"])
    return ModelRecord(
        spec=spec,
        weights=weights,
        plain=plain,
        graph=place_parts(entry.graph),
        verification=record["verification"],
        variants=tuple(
            VariantRecord(
                name=variant["name"],
                weights=place_parts(entry.variant(variant["name"])),
                verification=variant["verification"],
                golden=variant["golden"],
                logits=variant["logits"],
            )
            for variant in record["kept"]
        ),
        refused=record["refused"],
        reference=record["reference"],
    )


def _require_verified(path: Path, sha256: str, sums: dict[str, str]) -> None:
    if sha256 != sums[path.name]:
        problem = f"it changed after it was verified: SHA-256 {sha256}, expected {sums[path.name]}"
        raise OutputError(path, f"{problem}; build again")

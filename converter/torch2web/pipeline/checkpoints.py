"""Finds the checkpoint of each model."""

from collections.abc import Collection, Sequence
from pathlib import Path

from torch2web.catalog import ModelSpec, load_catalog
from torch2web.catalog.default import default_materials
from torch2web.errors import CheckpointError
from torch2web.file_managers import is_of_file_manager
from torch2web.pipeline.remote_checkpoints import kept_path

ChosenModel = tuple[ModelSpec, Path | None]
"""A model and its file; None stands for the demo weights."""


def choose_models(
    catalog: Path,
    only: Collection[str] = (),
    checkpoints: Path | None = None,
    cache: Path | None = None,
    *,
    missing_ok: bool = False,
) -> tuple[ChosenModel, ...]:
    """The models of the catalogue, restricted to the names in `only`, each with its file.

    Without the folder `checkpoints`, files are relative to the catalogue, and a model of the demo that has no
    file there gets its demo weights. Files at URLs are those in `cache`, where they may not be yet. Raises
    CatalogError, and CheckpointError for missing files unless `missing_ok`.
    """
    specs = load_catalog(catalog, only)
    demo: set[str] = set()
    if checkpoints is None:
        demo = {
            spec.name
            for spec in specs
            if _is_demo(spec) and not spec.is_remote and not (catalog.parent / spec.checkpoint).is_file()
        }
    own = [spec for spec in specs if spec.name not in demo and not spec.is_remote]
    folder = checkpoints or catalog.parent
    found = [folder / spec.checkpoint for spec in own] if missing_ok else find_checkpoints(folder, own)
    paths = {spec.name: path for spec, path in zip(own, found, strict=True)}
    paths |= {spec.name: kept_path(spec, cache or folder) for spec in specs if spec.is_remote}
    return tuple((spec, paths.get(spec.name)) for spec in specs)


def _is_demo(spec: ModelSpec) -> bool:
    """Whether there are demo weights of the model's network; those of other classes are refused later."""
    return spec.source.kind == "architecture" and default_materials().weights_file(spec.source.name).is_file()


def find_checkpoints(folder: Path, specs: Sequence[ModelSpec]) -> list[Path]:
    """The file of each model. All must be there."""
    if not folder.is_dir():
        what = "it is not a folder" if folder.exists() else "there is no such folder"
        raise CheckpointError(folder, f"{what}; --checkpoints names the folder of the checkpoints")
    return list(_all_in(folder, specs))


def _all_in(folder: Path, specs: Sequence[ModelSpec]) -> list[Path]:
    paths = [folder / spec.checkpoint for spec in specs]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        lacking = ", ".join(str(path.relative_to(folder)) for path in missing if path.is_relative_to(folder))
        beside = missing[0].parent
        names = sorted(path.name for path in beside.iterdir()) if beside.is_dir() else []
        present = [name for name in names if not is_of_file_manager(Path(name))]
        problem = f"there is no such file; the catalogue names it in {folder}"
        problem += f", which lacks {lacking}" if lacking else ""
        raise CheckpointError(missing[0], problem, f"Found there: {', '.join(present[:10]) or 'nothing'}.")
    return paths

"""Checks a built site again: every file against its SHA-256, every model against its golden outputs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from torch2web.errors import ManifestError, OutputError, VerificationError
from torch2web.file_managers import files_below
from torch2web.progress import ProgressCallback
from torch2web.site.manifest import CHECKSUMS, ENTRY, MANIFEST, SUMS, read_site_manifest, read_sums
from torch2web.site.recheck.site_models import Form, forms_of, golden_difference
from torch2web.store import sha256_of


@dataclass(frozen=True)
class ModelCheck:
    """One form of a model, run on this machine, against PyTorch's recorded golden outputs."""

    name: str
    max_abs_diff: float
    """Infinite where the model did not give outputs to compare."""
    tolerance: float

    @property
    def passed(self) -> bool:
        return self.max_abs_diff <= self.tolerance


@dataclass(frozen=True)
class Recheck:
    files: int
    models: tuple[ModelCheck, ...]
    problems: tuple[str, ...]
    """Every deviation from the site as built."""


def recheck(site: Path, show: ProgressCallback) -> Recheck:
    """Check `site`; `show` is called with each step.

    Raises OutputError where there is no site at all.
    """
    if not site.is_dir():
        raise OutputError(site, "there is no such folder; build the site first")
    if not (site / SUMS).is_file():
        raise OutputError(site, f"it has no {SUMS}, so it is not a built site")
    sums, problems = _listed(site)
    manifest, unreadable = _manifest(site)
    runs = [form for model in manifest["models"] for form in forms_of(model)]
    done, total = 0, len(sums) + len(runs)

    def step(text: str) -> None:
        nonlocal done
        show(text, done, total)
        done += 1

    _check_files(site, sums, problems, step)
    if unreadable:
        return Recheck(len(sums), (), (*problems, unreadable))
    _check_agreement(site, manifest, sums, problems)
    models = []
    for form in runs:
        step(f"Running {form.name}")
        models.append(_check_model(site, manifest, form, problems))
    return Recheck(len(sums), tuple(models), tuple(problems))


def site_problems(site: Path) -> list[str]:
    """What `recheck` finds without running the models, of a site with checksums."""
    sums, problems = _listed(site)
    manifest, unreadable = _manifest(site)
    _check_files(site, sums, problems, lambda _: None)
    if unreadable:
        return [*problems, unreadable]
    _check_agreement(site, manifest, sums, problems)
    return problems


def _listed(site: Path) -> tuple[Mapping[str, str], list[str]]:
    """The checksums, and what is wrong with their file."""
    sums, strange = read_sums(site)
    return sums, [
        f"{SUMS}: found {line[:80]!r}, expected a SHA-256, two spaces and a path" for line in strange
    ]


def _manifest(site: Path) -> tuple[Mapping[str, Any], str]:
    """The manifest, or why it cannot be read."""
    try:
        return read_site_manifest(site), ""
    except (ManifestError, OSError) as error:
        return {"models": []}, str(error)


def _check_files(
    site: Path, sums: Mapping[str, str], problems: list[str], step: Callable[[str], None]
) -> None:
    for path, expected in sums.items():
        step("Checking the files")
        if not (site / path).is_file():
            problems.append(f"{path}: it is missing")
        elif (actual := sha256_of(site / path)) != expected:
            problems.append(f"{path}: found SHA-256 {actual}, expected {expected}")
    problems.extend(f"{path}: it is not in {SUMS}" for path in sorted({*files_below(site)} - {SUMS, *sums}))


def _check_agreement(
    site: Path, manifest: Mapping[str, Any], sums: Mapping[str, str], problems: list[str]
) -> None:
    """Whether manifest, checksums and the loader's stub are of the same build."""
    runtime = manifest.get("runtime", {})
    builds = [runtime[kind] for kind in ("files", "webgpu") if kind in runtime]
    files = [build[role] for build in builds for role in ("api", "glue")]
    parted = [build["wasm"] for build in builds]
    parted += manifest["engine"]["files"].values() if "engine" in manifest else []
    for model in manifest["models"]:
        files += [model["plain"]] if "plain" in model else []
        parted += [model[file] for file in ("graph", "plan") if file in model]
        for second in (model.get("heatmap", {}), model.get("features", {})):
            parted += [second[file] for file in ("graph", "plan") if file in second]
        parted += [variant["weights"] for variant in model["variants"]]
    files += [part for file in parted for part in file["parts"]]
    problems.extend(
        f"{file['path']}: {MANIFEST} and {SUMS} give different SHA-256"
        for file in files
        if sums.get(file["path"]) != file["sha256"]
    )
    expected = sha256_of(site / MANIFEST).encode()
    if (site / ENTRY).is_file() and expected not in (site / ENTRY).read_bytes():
        problems.append(f"{ENTRY}: it was built for another {MANIFEST}")
    if not (site / CHECKSUMS).is_file():
        return
    try:
        checksums = json.loads((site / CHECKSUMS).read_bytes())
    except ValueError as error:
        problems.append(f"{CHECKSUMS}: it is not valid JSON: {error}")
        return
    if not isinstance(checksums, dict):
        problems.append(
            f"{CHECKSUMS}: found a {type(checksums).__name__}, expected file names with their SHA-256"
        )
        return
    for name, digest in checksums.items():
        if sums.get(f"models/{name}") != digest:
            problems.append(f"models/{name}: {CHECKSUMS} and {SUMS} give different SHA-256")


def _check_model(site: Path, manifest: Mapping[str, Any], form: Form, problems: list[str]) -> ModelCheck:
    difference, tolerance = float("inf"), float(np.max(form.golden["tolerance"]))
    try:
        difference, tolerance = golden_difference(site, manifest, form)
    except OSError:
        pass  # reported as missing already
    except VerificationError as error:
        problems.append(f"{form.name}: {error}")
    check = ModelCheck(form.name, difference, tolerance)
    if np.isfinite(difference) and not check.passed:
        found = f"its golden outputs differ by {difference:.3g}"
        problems.append(f"{form.name}: {found}, expected at most {tolerance:g}")
    return check

"""Checks a built site again: every file against its SHA-256, every model against its golden outputs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from converter.bundle import CHECKSUMS, LOADER, MANIFEST, SUMS, read_sums
from converter.check_manifest import read_manifest
from converter.console import Show
from converter.errors import ManifestError, OutputError, VerificationError
from converter.golden import golden_input
from converter.hashing import sha256_of
from converter.inference import create_session, run_session
from converter.preprocess import Preprocessing


@dataclass(frozen=True)
class ModelCheck:
    """One model's golden outputs in onnxruntime against PyTorch's recorded ones."""

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
    """Everything that is off; empty for a site that is as it was built."""


def recheck(site: Path, show: Show) -> Recheck:
    """Check `site`; `show` is told what is being done. Raises OutputError where there is no site at all."""
    if not site.is_dir():
        raise OutputError(site, "there is no such folder; build the site first: python build.py")
    if not (site / SUMS).is_file():
        raise OutputError(site, f"it has no {SUMS}, so it is no built site; build one: python build.py")
    sums, strange = read_sums(site)
    problems = [f"{SUMS}: found {line[:80]!r}, expected a SHA-256, two spaces and a path" for line in strange]
    done, total = 0, len(sums) + sum(path.endswith(".onnx") for path in sums)

    def step(text: str) -> None:
        nonlocal done
        show(text, done, total)
        done += 1

    _check_files(site, sums, problems, step)
    models: list[ModelCheck] = []
    try:
        manifest = read_manifest((site / MANIFEST).read_bytes())
    except (ManifestError, OSError) as error:
        problems.append(str(error))
    else:
        _check_agreement(site, manifest, sums, problems)
        models = _check_models(site, manifest, problems, step)
    return Recheck(len(sums), tuple(models), tuple(problems))


def _check_files(
    site: Path, sums: Mapping[str, str], problems: list[str], step: Callable[[str], None]
) -> None:
    present = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    for path, expected in sums.items():
        step("Checking the files")
        if path not in present:
            problems.append(f"{path}: it is missing")
        elif (actual := sha256_of(site / path)) != expected:
            problems.append(f"{path}: found SHA-256 {actual}, expected {expected}")
    problems.extend(f"{path}: it is not in {SUMS}" for path in sorted(present - {SUMS, *sums}))


def _check_agreement(
    site: Path, manifest: Mapping[str, Any], sums: Mapping[str, str], problems: list[str]
) -> None:
    """That manifest, checksums and loader speak of the same build."""
    files = [variant["file"] for model in manifest["models"] for variant in model["variants"]]
    files += manifest["runtime"]["files"].values()
    problems.extend(
        f"{file['path']}: {MANIFEST} and {SUMS} give different SHA-256"
        for file in files
        if sums.get(file["path"]) != file["sha256"]
    )
    if (loader := site / LOADER).is_file() and sha256_of(site / MANIFEST).encode() not in loader.read_bytes():
        problems.append(f"{LOADER}: it was built for another {MANIFEST}")
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


def _check_models(
    site: Path, manifest: Mapping[str, Any], problems: list[str], step: Callable[[str], None]
) -> list[ModelCheck]:
    checks = []
    for model in manifest["models"]:
        step(f"Running {model['name']}")
        path = site / model["variants"][0]["file"]["path"]
        difference = float("inf")
        try:
            if path.is_file():  # reported as missing already
                difference = _golden_difference(path, model)
        except VerificationError as error:
            problems.append(str(error))
        check = ModelCheck(model["name"], difference, model["golden"]["tolerance"])
        checks.append(check)
        if np.isfinite(difference) and not check.passed:
            problems.append(
                f"{path.name}: its golden outputs differ by {difference:.3g}, allowed are {check.tolerance:g}"
            )
    return checks


def _golden_difference(path: Path, model: Mapping[str, Any]) -> float:
    """Largest absolute difference of the golden outputs. Raises VerificationError where there are none."""
    golden, spec = model["golden"], Preprocessing.from_dict(model["preprocessing"])
    logits = run_session(create_session(path), golden_input(golden["seed"], spec))
    expected = np.asarray(golden["logits"])
    if logits.shape != expected.shape:
        problem = f"found golden outputs {list(logits.shape)}, expected {list(expected.shape)}"
        raise VerificationError(path.name, problem, {}, "")
    return float(np.abs(logits - expected).max())

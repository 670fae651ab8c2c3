"""Checks a built site again: every file against its SHA-256, every model against its golden outputs."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from onnxruntime import InferenceSession
from safetensors import SafetensorError
from safetensors.numpy import load

from converter.bundle import CHECKSUMS, MANIFEST, SUMS, read_sums
from converter.check_manifest import read_manifest
from converter.console import Show
from converter.encodings import EXACT, decode_all
from converter.errors import ManifestError, OutputError, VerificationError
from converter.golden import golden_input
from converter.hashing import sha256_of
from converter.inference import create_session, create_session_with, run_session
from converter.parts import join_parts
from converter.preprocess import Preprocessing

LOADER = "torch2web-*.js"


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
    manifest: Mapping[str, Any] = {"models": []}
    unreadable = ""
    try:
        manifest = read_manifest((site / MANIFEST).read_bytes())
    except (ManifestError, OSError) as error:
        unreadable = str(error)
    runs = [(model, *candidate) for model in manifest["models"] for candidate in _candidates(model)]
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
    for model, name, variant in runs:
        step(f"Running {model['name']} {name}")
        models.append(_check_model(site, model, name, variant, problems))
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
    files = [manifest["runtime"]["files"]["api"], manifest["runtime"]["files"]["glue"]]
    files += manifest["runtime"]["files"]["wasm"]["parts"]
    for model in manifest["models"]:
        files += [model["plain"]] if "plain" in model else []
        files += model["graph"]["parts"]
        files += [part for variant in model["variants"] for part in variant["weights"]["parts"]]
    problems.extend(
        f"{file['path']}: {MANIFEST} and {SUMS} give different SHA-256"
        for file in files
        if sums.get(file["path"]) != file["sha256"]
    )
    expected = sha256_of(site / MANIFEST).encode()
    problems.extend(
        f"{loader.name}: it was built for another {MANIFEST}"
        for loader in site.glob(LOADER)
        if expected not in loader.read_bytes()
    )
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


def _candidates(model: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every form of a model, by name, with the variant whose golden outputs it should have."""
    if "plain" in model:
        yield "onnx", next(variant for variant in model["variants"] if variant["name"] == EXACT)
    yield from ((variant["name"], variant) for variant in model["variants"])


def _check_model(
    site: Path, model: Mapping[str, Any], name: str, variant: Mapping[str, Any], problems: list[str]
) -> ModelCheck:
    title, difference = f"{model['name']} {name}", float("inf")
    try:
        session = _session(site, model, variant, whole=name == "onnx")
        difference = _golden_difference(session, model, variant["golden"])
    except OSError:
        pass  # reported as missing already
    except VerificationError as error:
        problems.append(f"{title}: {error}")
    check = ModelCheck(title, difference, variant["golden"]["tolerance"])
    if np.isfinite(difference) and not check.passed:
        found = f"its golden outputs differ by {difference:.3g}"
        problems.append(f"{title}: {found}, allowed are {check.tolerance:g}")
    return check


def _session(
    site: Path, model: Mapping[str, Any], variant: Mapping[str, Any], *, whole: bool
) -> InferenceSession:
    """onnxruntime on the whole ONNX file, or on the graph with a variant's weights.

    Raises VerificationError.
    """
    if whole:
        path = site / model["plain"]["path"]
        path.stat()  # for OSError where it is not there
        return create_session(path)
    try:
        tensors = load(join_parts(site, variant["weights"]))
    except SafetensorError as error:
        raise VerificationError("its weights", f"they are no safetensors file: {error}", {}, "") from error
    return create_session_with(join_parts(site, model["graph"]), decode_all(tensors))


def _golden_difference(
    session: InferenceSession, model: Mapping[str, Any], golden: Mapping[str, Any]
) -> float:
    """Largest absolute difference of the golden outputs. Raises VerificationError where there are none."""
    spec = Preprocessing.from_dict(model["preprocessing"])
    logits = run_session(session, golden_input(golden["seed"], spec))
    expected = np.asarray(golden["logits"])
    if logits.shape != expected.shape:
        problem = f"found golden outputs {list(logits.shape)}, expected {list(expected.shape)}"
        raise VerificationError(model["name"], problem, {}, "")
    return float(np.abs(logits - expected).max())

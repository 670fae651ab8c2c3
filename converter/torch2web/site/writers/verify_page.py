"""verify.html and its files: Python and pytest for the browser, the tests, and PyTorch's outputs."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch2web
from torch2web.assets import Assets
from torch2web.catalog import EXACT, ReferenceImage
from torch2web.site.manifest import ModelRecord
from torch2web.site.writers.pages import import_map_of
from torch2web.site.writers.pyodide import CORE, compiled_wheels, lock_json, pure_wheels
from torch2web.site.writers.templates import render
from torch2web.store import FileRecord, integrity, write_bytes_hashed

PAGE = "verify.html"
FOLDER = "verify"
"""Everything that only this page loads is below it."""

NO_WHEELS = (
    "the site was built without NumPy and Pillow for Pyodide, which its npm package does not have; "
    "PYODIDE_WHEELS names a folder that does"
)

_PACKAGE = Path(torch2web.__file__).parent
_MOUNTED = (
    "errors.py",
    "images/__init__.py",
    "images/golden.py",
    "images/preprocessing.py",
    "images/steps.py",
    "site/manifest/check.py",
    "tasks/__init__.py",
    "tasks/activation.py",
    "tasks/figures.py",
    "tasks/gate.py",
    "tasks/labels.py",
    "tasks/task.py",
)
"""Modules of this package that judge in the page. Other packages above them are empty there."""


@dataclass(frozen=True)
class Judged:
    """What the page is to judge."""

    manifest: FileRecord
    checksums: Mapping[str, str]
    """SHA-256 by path below `models/`."""
    models: Sequence[ModelRecord]
    images: Sequence[ReferenceImage]
    """The images that the models were verified on."""
    loader: Sequence[FileRecord]
    """Under its stable name, and under the one with its hash."""
    style: FileRecord


def write_verify_page(root: Path, assets: Assets, judged: Judged, wheels: Path | None) -> list[FileRecord]:
    """Write the page; `wheels` is a folder with NumPy and Pillow for Pyodide. Raises InputError."""
    compiled = compiled_wheels(assets, wheels)
    packages = [*pure_wheels(assets), *compiled]
    contents = {f"pyodide/{name}": assets.read(f"pyodide/{name}") for name in CORE}
    contents["pyodide/pyodide-lock.json"] = lock_json(assets, packages)
    contents |= {f"wheels/{wheel.file_name}": wheel.content for wheel in packages}
    contents |= {f"python/{path}": content for path, content in _python_files(assets).items()}
    contents |= {f"python/pictures/{image.name}.png": image.as_png() for image in judged.images}
    contents["python/facts.json"] = _facts(judged, with_wheels=bool(compiled))
    files = [write_bytes_hashed(root, f"{FOLDER}/{path}", content) for path, content in contents.items()]
    scripts = [file for file in (*judged.loader, *files) if file.path.endswith((".js", ".mjs"))]
    import_map = import_map_of({file.path: integrity(file.sha256) for file in scripts})
    verify = write_bytes_hashed(root, "verify.js", assets.read("scripts/verify.js"))
    listing = json.dumps({file.path: integrity(file.sha256) for file in files})
    html = render(
        assets,
        "verify.html.j2",
        models=judged.models,
        images=len(judged.models[0].reference),
        python_size=sum(file.size for file in files),
        with_wheels=bool(compiled),
        import_map=import_map,
        import_map_integrity=integrity(hashlib.sha256(import_map.encode()).hexdigest()),
        listing=listing,
        script_integrity=integrity(verify.sha256),
        style=judged.style,
    )
    return [*files, verify, write_bytes_hashed(root, PAGE, html)]


def _python_files(assets: Assets) -> dict[str, bytes]:
    """Sources by where they go in the page's Python."""
    package = {f"torch2web/{name}": (_PACKAGE / name).read_bytes() for name in _MOUNTED}
    judge = {path.removeprefix("judge/"): assets.read(path) for path in assets.below("judge/")}
    return package | {f"in_page/{name}": content for name, content in judge.items()}


def _facts(judged: Judged, *, with_wheels: bool) -> bytes:
    """What the tests in the page compare with."""
    cases = {
        f"{model.spec.name}/{variant.name}": (model, variant)
        for model in judged.models
        for variant in model.variants
    }
    facts = {
        "manifest_sha256": judged.manifest.sha256,
        "files": dict(judged.checksums),
        "pictures": list(judged.models[0].reference),
        "defaults": [f"{model.spec.name}/{model.default.name}" for model in judged.models],
        # Each with PyTorch's logits where its weights are PyTorch's, else with onnxruntime's for its own.
        "logits": {
            case: dict(model.reference if variant.name == EXACT else variant.logits)
            for case, (model, variant) in cases.items()
        },
        "pytorch": {case: dict(model.reference) for case, (model, _) in cases.items()},
        "gate": {case: model.spec.gate.as_dict(model.spec.task) for case, (model, _) in cases.items()},
        "task": {case: model.spec.task.as_dict() for case, (model, _) in cases.items()},
        "golden_tolerance": {case: variant.golden["tolerance"] for case, (_, variant) in cases.items()},
        "tolerance": {case: dict(variant.bounds) for case, (_, variant) in cases.items()},
        "preprocessing": {case: model.spec.preprocessing.as_dict() for case, (model, _) in cases.items()},
        "no_wheels": "" if with_wheels else NO_WHEELS,
    }
    return json.dumps(facts, indent=1).encode() + b"\n"

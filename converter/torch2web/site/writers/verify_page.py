"""verify.html and all that it needs: Python and pytest for the browser, the tests, and what PyTorch said."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import PIL

from torch2web.catalog import Materials
from torch2web.site.manifest import ModelRecord
from torch2web.site.writers.pyodide import PURE, compiled_wheels, core_files, lock_json, pack_installed
from torch2web.site.writers.templates import render
from torch2web.store import (
    FileRecord,
    integrity,
    kept_files,
    read_blocks,
    sha256_of_sources,
    write_bytes_hashed,
    write_hashed,
)
from torch2web.variants import EXACT
from torch2web.verification import reference_images

PAGE = "verify.html"
FOLDER = "verify"
"""Everything that only this page loads is below it."""

NO_WHEELS = (
    "the site was built without NumPy and Pillow for Pyodide, which its npm package does not have; "
    "PYODIDE_WHEELS names a folder that does"
)

_ROOT = Path(__file__).parents[4]
_IN_PAGE = _ROOT / "tests" / "in_page"
_MOUNTED = (
    "errors.py",
    "images/__init__.py",
    "images/golden.py",
    "images/preprocessing.py",
    "images/steps.py",
    "site/manifest/check.py",
    "tasks/__init__.py",
    "tasks/classification.py",
)
"""Modules of this package that judge in the page. Other packages above them are empty there."""


@dataclass(frozen=True)
class Judged:
    """What the page is to judge."""

    manifest: FileRecord
    checksums: Mapping[str, str]
    """SHA-256 by path below `models/`."""
    models: Sequence[ModelRecord]
    loader: Sequence[FileRecord]
    """Under its stable name, and under the one with its hash."""
    style: FileRecord


def write_verify_page(
    root: Path, judged: Judged, script: bytes, wheels: Path | None, cache: Path, materials: Materials
) -> list[FileRecord]:
    """Write the page; `wheels` is a folder with NumPy and Pillow for Pyodide. Raises InputError."""
    compiled = compiled_wheels(wheels)
    packages = [*map(pack_installed, PURE), *compiled]
    files = [
        *(
            write_hashed(root, f"{FOLDER}/pyodide/{name}", read_blocks(path))
            for name, path in core_files().items()
        ),
        write_bytes_hashed(root, f"{FOLDER}/pyodide/pyodide-lock.json", lock_json(packages)),
        *(
            write_bytes_hashed(root, f"{FOLDER}/wheels/{wheel.file_name}", wheel.content)
            for wheel in packages
        ),
        *(
            write_hashed(root, f"{FOLDER}/python/{name}", read_blocks(path))
            for name, path in _python_files().items()
        ),
        *(
            write_bytes_hashed(root, f"{FOLDER}/python/pictures/{name}", content)
            for name, content in _pictures(cache, materials).items()
        ),
        write_bytes_hashed(root, f"{FOLDER}/python/facts.json", _facts(judged, with_wheels=bool(compiled))),
    ]
    import_map = json.dumps(
        {
            "integrity": {
                f"./{file.path}": integrity(file.sha256)
                for file in (*judged.loader, *files)
                if file.path.endswith((".js", ".mjs"))
            }
        }
    )
    verify = write_bytes_hashed(root, "verify.js", script)
    listing = json.dumps({file.path: integrity(file.sha256) for file in files})
    html = render(
        "verify.html.j2",
        models=judged.models,
        images=len(judged.models[0].reference),
        python_size=sum(file.size for file in files),
        with_wheels=bool(compiled),
        import_map=import_map,
        import_map_integrity=integrity(hashlib.sha256(import_map.encode()).hexdigest()),
        listing=listing,
        script_integrity=integrity(verify.sha256),
        style_integrity=integrity(judged.style.sha256),
    )
    return [*files, verify, write_bytes_hashed(root, PAGE, html)]


def _python_files() -> dict[str, Path]:
    """Sources by where they go in the page's Python."""
    package = {f"torch2web/{name}": _ROOT / "converter" / "torch2web" / name for name in _MOUNTED}
    return package | {f"in_page/{path.name}": path for path in sorted(_IN_PAGE.glob("*.py"))}


def _pictures(cache: Path, materials: Materials) -> dict[str, bytes]:
    """The reference images as PNG, by file name."""

    def make(folder: Path) -> None:
        for image in reference_images(materials.reference_images()):
            image.picture.save(folder / f"{image.name}.png")

    package = _ROOT / "converter" / "torch2web"
    drawn_by = sha256_of_sources(
        package, [package / "verification" / "reference_images.py", *sorted((package / "demo").glob("*.py"))]
    )
    return kept_files(cache, "pictures", f"{drawn_by} Pillow {PIL.__version__}", make)


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
        "gate": {case: asdict(model.spec.gate) for case, (model, _) in cases.items()},
        "tolerance": {case: variant.golden["tolerance"] for case, (_, variant) in cases.items()},
        "preprocessing": {case: model.spec.preprocessing.as_dict() for case, (model, _) in cases.items()},
        "no_wheels": "" if with_wheels else NO_WHEELS,
    }
    return json.dumps(facts, indent=1).encode() + b"\n"

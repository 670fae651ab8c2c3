"""Sites with one deliberate fault each, as a real bug could cause it."""

import hashlib
import os
import shutil
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from tests.browser.sites import derived_site, script_of
from tests.conftest import ROOT
from torch2web.catalog.load import ModelSpec
from torch2web.site.manifest.records import Weights
from torch2web.store.hashing import integrity, sha256_of
from torch2web.variants.encodings import Tensors
from web.build.node import run_node

CANVAS_RESIZE = """
    const [height, width] = [224, 224];
    const source = new OffscreenCanvas(image.width, image.height);
    source.getContext("2d")!.putImageData(image, 0, 0);
    const target = new OffscreenCanvas(width, height).getContext("2d")!;
    target.imageSmoothingQuality = "high";
    target.drawImage(source, 0, 0, width, height);
    return normalise(target.getImageData(0, 0, width, height), preprocessing);
"""
"""How most pages resize a picture."""

PATCHES = {
    "RGB and BGR swapped": (
        "images/normalise.ts",
        "mean.length - 1 - channel : channel;",
        "channel : 2 - channel;",
    ),
    "mean and std swapped": (
        "images/normalise.ts",
        "valuesOf(scale, average, std[channel]!)",
        "valuesOf(scale, std[channel]!, average)",
    ),
    "the canvas's resize": (
        "images/tensor_of.ts",
        "  return normalise(applySteps(image, preprocessing), preprocessing);\n",
        CANVAS_RESIZE,
    ),
    "no vertical pass first": (
        "images/resample.ts",
        "return verticalFirst ?",
        "return verticalFirst && false ?",
    ),
    "no rounding of coefficients": (
        "images/resampling_filters.ts",
        "fixed - 0.5 : fixed + 0.5",
        "fixed : fixed",
    ),
}
"""By name: a file of the loader, a text that it holds once, and what takes its place."""

SELF_CHECK_OFF = ("backends/self_check.ts", "if (!(maxAbsDiff <= tolerance))", "if (maxAbsDiff === Infinity)")
"""So that the comparison itself has to find the fault, and not the self-check before it."""


def patched_loader_site(site: Path, folder: Path, *patches: tuple[str, str, str]) -> Path:
    """A copy of `site` with a loader built from patched sources."""
    web = folder / "web"
    shutil.copytree(ROOT / "web", web, ignore=shutil.ignore_patterns("node_modules"))
    (web / "node_modules").symlink_to(ROOT / "web/node_modules")
    for file, old, new in patches:
        path = web / "loader" / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file} no longer holds {old!r} once; renew the mutant"
        path.write_text(text.replace(old, new))
    mutant = copy_site(site, folder / "site")
    run_node(["build.mjs", "scripts", str(folder / "out"), version("torch2web")], web)
    loader = script_of(site)
    _replace(mutant / loader, (folder / "out/torch2web.js").read_bytes())
    for chunk in (folder / "out").glob("*-*.js"):  # under other names where they differ
        if not (mutant / chunk.name).exists():
            shutil.copy(chunk, mutant)
    old, new = (integrity(sha256_of(folder / loader)) for folder in (site, mutant))
    for page in mutant.glob("*.html"):
        if old in page.read_text().partition('<script type="importmap">')[2].partition("</script>")[0]:
            _accept_loader(page, old, new)
    return mutant


def _accept_loader(page: Path, old: str, new: str) -> None:
    """Change a page's import map and preloads to the other loader, and its policy to the other import map."""
    text = page.read_text()
    before, start, rest = text.partition('<script type="importmap">')
    import_map, end, after = rest.partition("</script>")
    changed = import_map.replace(old, new)
    assert changed != import_map
    allowed, wanted = (
        integrity(hashlib.sha256(content.encode()).hexdigest()) for content in (import_map, changed)
    )
    before, after = before.replace(allowed, wanted), after.replace(old, new)
    _replace(page, f"{before}{start}{changed}{end}{after}".encode())


def _replace(path: Path, content: bytes) -> None:
    """Replace a file, which may be a link to the original's, by another one."""
    path.unlink()
    path.write_bytes(content)


def scaled_weight_site(site: Path, folder: Path, spec: ModelSpec) -> Path:
    """A whole, consistent site whose model has one weight tensor scaled by 1.01, in every form of it."""
    folder.mkdir(parents=True, exist_ok=True)
    scale_one_weight(site / "models" / spec.output, folder / "scaled.onnx")
    plain, weights = (folder / "scaled.onnx").read_bytes(), Weights("scaled", "0" * 64, demo=True)
    return derived_site(site, folder, spec, weights, plain=plain, change=_scale_largest)


def _scale_largest(tensors: Tensors) -> Tensors:
    largest = max(tensors, key=lambda name: tensors[name].nbytes)
    scaled = tensors[largest].astype(np.float32) * np.float32(1.01)
    return {**tensors, largest: scaled}


def scale_one_weight(source: Path, target: Path) -> None:
    """Write `source` with its largest tensor of weights times 1.01."""
    model = onnx.load(source)
    weight = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * 1.01, weight.name))
    onnx.save(model, target)


def copy_site(site: Path, target: Path) -> Path:
    """A copy with links to the large files: files may be replaced, but not written to."""
    shutil.copytree(site, target, copy_function=os.link)
    return target

"""Small networks of every family, from every kind of file: predictions in Chromium equal PyTorch's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.browser.server import Hosting
from tests.conftest import ROOT
from tests.networks import NETWORKS, build
from tests.networks.files import KINDS, Kind, entry_of, write_file
from torch2web.catalog import load_catalog, write_entry
from torch2web.cli import main
from torch2web.images import open_image, preprocess
from torch2web.site.manifest import read_site_manifest

PICTURE = ROOT / "docs/screenshot.png"

FEW = ("inception", "lenet_grey", "vit", "siamese")
"""Enough for an exporter: several outputs, grey, attention, a vector."""

REFUSED = {"torchscript": ("vit",)}
"""Networks that a kind of file cannot hold: traced, nn.MultiheadAttention has the batch of its example."""

PREDICT = """async names => {
    const { loadModel } = await import("./torch2web.js");
    const picture = await (await fetch("picture.png")).blob();
    const found = {};
    for (const name of names) {
        const model = await loadModel(name, { variant: "fp32" });
        const tensor = await model.preprocess(picture);
        found[name] = {
            backend: model.backend.name,
            logits: [...await model.run(tensor)],
            tensor: [...tensor],
        };
        await model.dispose();
    }
    return found;
}"""


@pytest.mark.parametrize("kind", KINDS)
def test_predicts_what_pytorch_predicts(
    quiet_page: Page,
    host_of: Hosting,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: Kind,
) -> None:
    monkeypatch.chdir(ROOT)
    names = tuple(name for name in NETWORKS if name not in REFUSED.get(kind, ()))
    catalog = tmp_path / "models.toml"
    for name in names:
        exporter = "auto" if name in FEW else "torchscript"  # which takes a tenth of the time
        write_entry(catalog, entry_of(name, kind, write_file(name, kind, tmp_path), exporter))
    options = ["--catalog", catalog, "--checkpoints", tmp_path, "--no-verify-page", "--no-precompressed"]
    options += ["--effort", "fast", "--variants", "fp32"]
    options += ["--cache", tmp_path / "cache", "--out", tmp_path / "site"]
    assert main(["build", *map(str, options)]) == 0
    host = host_of(tmp_path / "site")
    host.extras = {"picture.png": PICTURE, "blank.html": ROOT / "tests/browser/harness/blank.html"}
    quiet_page.goto(f"{host.url}blank.html")
    found = quiet_page.evaluate(PREDICT, list(names))
    models = read_site_manifest(tmp_path / "site")["models"]
    planned = {model["name"]: "plan" in model for model in models}
    assert all(planned.values()), planned
    for spec in load_catalog(catalog):
        entry = found[spec.name]
        pixels = preprocess(
            open_image(PICTURE, spec.preprocessing),
            spec.preprocessing,
        )
        assert np.array_equal(np.array(entry["tensor"], np.float32), pixels.ravel()), spec.name
        expected = outputs_of(spec.name, pixels)
        difference = np.abs(np.array(entry["logits"]) - expected).max()
        print(f"{kind} {spec.name}: {entry['backend']}, {difference:.1e}")
        assert difference <= 1e-4 * max(1, np.abs(expected).max()), spec.name
        assert entry["backend"] == ("compiled" if planned[spec.name] else "wasm"), spec.name


def outputs_of(name: str, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first output of the network in PyTorch, as a vector."""
    with torch.inference_mode():
        outputs: Any = build(name)(torch.from_numpy(pixels[np.newaxis]))
    if isinstance(outputs, dict):
        outputs = outputs["out"]
    elif isinstance(outputs, (tuple, list)):
        outputs = outputs[0]
    vector: NDArray[np.float32] = outputs.numpy().ravel()
    return vector

"""A classifier with `features`: its embeddings in Chromium are PyTorch's, in worker and page."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.server import Host, Hosting
from tests.conftest import ROOT
from tests.networks import build
from tests.networks.files import entry_of, write_file
from torch2web.catalog import load_catalog, write_entry
from torch2web.cli import main
from torch2web.images import open_image, preprocess
from torch2web.verification import capture_features

PICTURE = ROOT / "docs/screenshot.png"
LAYERS = {"resnet_basic": True, "resnet_bottleneck": "layers.0"}
PLAIN = "squeezenet"

EMBED = """async ([name, options]) => {
    const { loadModel, similarity } = await import("./torch2web.js");
    const picture = await (await fetch("picture.png")).blob();
    const model = await loadModel(name, { variant: "fp32", ...options });
    const plain = await model.predict(picture);
    const vector = await model.embed(picture);
    const unit = await model.embed(picture, { normalize: true });
    const both = await model.predict(picture, { features: true, heatmap: name.includes("basic") });
    const result = {
        labels: [plain.label, both.label],
        logits: [[...plain.logits], [...both.logits]],
        vector: [...vector],
        features: [...both.features],
        length: Math.hypot(...unit),
        similarity: similarity(vector, unit),
        heatmap: both.heatmap?.label,
        info: model.info.features,
    };
    await model.dispose();
    return result;
}"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("features")
    catalog = folder / "models.toml"
    for name in (*LAYERS, PLAIN):
        entry = entry_of(name, "state_dict", write_file(name, "state_dict", folder))
        write_entry(catalog, entry | ({"features": LAYERS[name]} if name in LAYERS else {}))
    options = ["--catalog", catalog, "--checkpoints", folder, "--no-verify-page", "--no-precompressed"]
    options += ["--effort", "fast", "--cache", folder / "cache", "--out", folder / "site"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main(["build", *map(str, options)]) == 0
    return catalog


@pytest.fixture
def host(catalog: Path, host_of: Hosting) -> Host:
    host = host_of(catalog.parent / "site")
    host.extras = {"picture.png": PICTURE, "blank.html": ROOT / "tests/browser/harness/blank.html"}
    return host


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
@pytest.mark.parametrize("backend", ["compiled", "wasm"])
@pytest.mark.parametrize("name", LAYERS)
def test_features_are_pytorchs(
    quiet_page: Page, host: Host, catalog: Path, name: str, backend: str, worker: bool
) -> None:
    (spec,) = load_catalog(catalog, [name])
    pixels = preprocess(open_image(PICTURE, spec.preprocessing), spec.preprocessing)
    layer = "" if LAYERS[name] is True else str(LAYERS[name])
    expected = capture_features(build(name), pixels[np.newaxis], layer)
    assert expected is not None
    quiet_page.goto(f"{host.url}blank.html")
    found = quiet_page.evaluate(EMBED, [name, {"worker": worker, "backends": [backend]}])
    scale = max(1, np.abs(expected).max())
    assert np.ptp(expected) > 0.05
    assert np.abs(np.array(found["vector"]) - expected[0]).max() <= 1e-4 * scale
    assert found["features"] == found["vector"]
    assert found["length"] == pytest.approx(1, abs=1e-5)
    assert found["similarity"] == pytest.approx(1, abs=1e-5)
    assert found["labels"][0] == found["labels"][1]
    assert np.abs(np.subtract(*found["logits"])).max() <= 1e-4
    assert (found["heatmap"] == found["labels"][0]) == (name == "resnet_basic")
    assert (found["info"]["layer"], found["info"]["length"]) == (layer or "pooled", expected.shape[1])


def test_model_without_features_says_so(quiet_page: Page, host: Host) -> None:
    quiet_page.goto(f"{host.url}blank.html")
    messages = quiet_page.evaluate(
        """async name => {
            const { loadModel } = await import("./torch2web.js");
            const picture = await (await fetch("picture.png")).blob();
            const model = await loadModel(name);
            const told = ({ name, message }) => `${name}: ${message}`;
            return [
                await model.embed(picture).catch(told),
                await model.predict(picture, { features: true }).catch(told),
            ];
        }""",
        PLAIN,
    )
    assert messages == [
        f"TaskError: {PLAIN} has no embeddings; call predict().",
        f"TaskError: {PLAIN} has no features; call predict().",
    ]


def test_unknown_layer_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_file("resnet_basic", "onnx", tmp_path)
    catalog = tmp_path / "models.toml"
    write_entry(catalog, entry_of("resnet_basic", "onnx", path) | {"features": "layer9"})
    options = ["--catalog", catalog, "--checkpoints", tmp_path, "--cache", tmp_path / "cache"]
    assert main(["build", *map(str, options), "--out", str(tmp_path / "site")]) == 2
    error = capsys.readouterr().err
    assert "resnet_basic: features: there is no layer layer9; found" in error
    assert not (tmp_path / "site").exists()

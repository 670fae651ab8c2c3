"""Class activation maps in Chromium are PyTorch's: worker and page, every backend, rounded weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from tests.browser.server import Host, Hosting
from tests.conftest import ROOT
from torch2web.architectures import load_architecture
from torch2web.catalog import load_catalog
from torch2web.demo import load_demo_state
from torch2web.images import preprocess
from torch2web.verification.class_activation import capture_class_activation

PICTURE = ROOT / "docs/screenshot.png"
MODEL = "mobilenet_emotion"

PREDICT = """async ([name, options, asked]) => {
    const { loadModel } = await import("./torch2web.js");
    const model = await loadModel(name, options);
    const blob = await (await fetch("picture.png")).blob();
    const plain = await model.predict(blob);
    const predictions = await Promise.all(asked.map(heatmap => model.predict(blob, { heatmap })));
    const result = predictions.map(({ label, logits, heatmap }) => ({
        label,
        logits: [...logits],
        heatmap: heatmap && { ...heatmap, values: [...heatmap.values] },
    }));
    await model.dispose();
    return { plain: { label: plain.label, heatmap: "heatmap" in plain }, predictions: result };
}"""


@pytest.fixture(scope="module")
def maps() -> NDArray[np.float64]:
    """PyTorch's maps for PICTURE, [classes, height, width]."""
    (spec,) = load_catalog(ROOT / "models.toml", [MODEL])
    network = load_architecture("mobilenet_v2").build(4, 224, 224)
    network.load_state_dict(load_demo_state("mobilenet_v2"))
    image = Image.open(PICTURE).convert("RGB")
    found = capture_class_activation(network.eval(), preprocess(image, spec.preprocessing)[np.newaxis])
    assert found is not None
    first: NDArray[np.float64] = found[0]
    return first


@pytest.fixture
def host(small_site: Path, host_of: Hosting) -> Host:
    host = host_of(small_site)
    host.extras = {"picture.png": PICTURE, "blank.html": ROOT / "tests/browser/harness/blank.html"}
    return host


def predict(page: Page, host: Host, options: dict[str, Any], asked: list[Any]) -> Any:
    page.goto(f"{host.url}blank.html")
    return page.evaluate(PREDICT, [MODEL, options, asked])


@pytest.mark.parametrize("backend", ["compiled", "wasm"])
@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_maps_are_pytorchs(
    page: Page, host: Host, maps: NDArray[np.float64], worker: bool, backend: str
) -> None:
    options = {"worker": worker, "backends": [backend], "variant": "fp32"}
    found = predict(page, host, options, [True, "Tired", 1, False])
    assert found["plain"]["heatmap"] is False
    answer, tired, confused, none = found["predictions"]
    assert none["heatmap"] is None
    assert answer["heatmap"]["label"] == answer["label"] == found["plain"]["label"]
    assert (tired["heatmap"]["label"], tired["heatmap"]["index"]) == ("Tired", 3)
    assert (confused["heatmap"]["label"], confused["heatmap"]["index"]) == ("Confused", 1)
    for prediction in (answer, tired, confused):
        heatmap = prediction["heatmap"]
        wanted = maps[heatmap["index"]]
        assert (heatmap["height"], heatmap["width"]) == wanted.shape
        assert np.ptp(wanted) > 1, "a flat map proves nothing"
        assert np.abs(np.array(heatmap["values"]) - wanted.ravel()).max() <= 1e-4
        assert np.abs(np.array(prediction["logits"]) - maps.mean(axis=(1, 2))).max() <= 1e-4


def test_rounded_weights_give_maps_too(page: Page, host: Host, maps: NDArray[np.float64]) -> None:
    (prediction,) = predict(page, host, {"variant": "int8"}, [True])["predictions"]
    heatmap = prediction["heatmap"]
    wanted = maps[heatmap["index"]].ravel()
    assert np.corrcoef(heatmap["values"], wanted)[0, 1] > 0.99
    assert np.abs(np.array(heatmap["values"]) - wanted).max() > 1e-4, "these are other weights"


def test_wrong_options_of_heat_maps_are_named(page: Page, host: Host) -> None:
    page.goto(f"{host.url}blank.html")
    messages = page.evaluate(
        """async name => {
            const { loadModel } = await import("./torch2web.js");
            const model = await loadModel(name);
            const blob = await (await fetch("picture.png")).blob();
            const messages = [];
            for (const heatmap of ["Happy", 4, null]) {
                await model.predict(blob, { heatmap }).catch(e => messages.push(`${e.name}: ${e.message}`));
            }
            return messages;
        }""",
        MODEL,
    )
    expected = "expected true, a label, or an index below 4."
    assert messages == [
        f"RangeError: heatmap: found {found}, {expected}" for found in ('"Happy"', "4", "null")
    ]

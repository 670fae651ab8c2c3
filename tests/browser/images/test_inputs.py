"""Inputs of every kind, from the catalogue to a prediction: grey, BGR, levels, letterboxes, any size."""

import hashlib
import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, UnidentifiedImageError
from playwright.sync_api import Page
from torch import nn

from tests.browser.expected import photograph_files
from tests.browser.parity import open_harness
from tests.browser.server import Hosting
from tests.browser.sites import model_of, variant_of
from tests.browser.verify_page import open_verify_page
from tests.corpus import NOT_OF_THE_WEB, CorpusFile, make_corpus
from tests.tiny_network import TinyNetwork
from torch2web.catalog.load import ModelSpec, load_catalog
from torch2web.cli import main
from torch2web.images import open_image, preprocess
from torch2web.images.preprocessing import open_rgb

LABELS = ["a", "b", "c", "d"]
INPUTS: dict[str, dict[str, Any]] = {
    "grey": {"resize": [28, 28], "filter": "bilinear", "color": "grey", "mean": [0.1307], "std": [0.3081]},
    "caffe": {
        "steps": [{"op": "letterbox", "size": [40, 56]}],
        "color": "bgr",
        "scale": 1,
        "mean": [103.939, 116.779, 123.68],
    },
    "wide": {"resize": [8, 1024], "filter": "box", "scale": "*1/255"},
    "tall": {
        "steps": [
            {"op": "resize", "size": 200, "max_size": 240, "filter": "bicubic"},
            {"op": "center_crop", "size": [1024, 9], "fill": [9, 99, 199], "rounding": "floor"},
            {"op": "grey", "channels": 3},
        ],
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2, 0.3, 0.4],
    },
    "grey_later": {
        "steps": [
            {"op": "resize", "size": [33, 48], "fit": "cover", "filter": "lanczos"},
            {"op": "center_crop", "size": [33, 48]},
            {"op": "grey"},
        ],
    },
}
"""By model: its preprocessing."""


def network(spec: ModelSpec, *_: object) -> nn.Module:
    """Replaces `load_model`: a network for the channels and levels of `spec`."""
    gain = 1 / 64 if spec.preprocessing.scale == 1 else 1
    channels = spec.input_shape[0]
    return TinyNetwork(torch.relu, len(spec.labels), channels=channels, size=8, gain=gain).eval()


def catalog_of(inputs: dict[str, dict[str, Any]]) -> str:
    """A catalogue in TOML, whose arrays and strings have JSON's syntax."""
    lines = []
    for name, preprocessing in inputs.items():
        lines.append(
            f'[[models]]\nname = "{name}"\ntitle = "{name}"\nversion = "1"\nopset = 17\ntolerance = 1e-4'
        )
        lines.append(f'architecture = "mobilenet_v2"\ncheckpoint = "x.pth"\noutput = "{name}.onnx"')
        lines.append(f"labels = {json.dumps(LABELS)}")
        lines.append('recommended = { target = "browser", role = "primary" }\n[models.preprocessing]')
        for key, value in preprocessing.items():
            if key == "steps":
                steps = [
                    "{ " + ", ".join(f"{field} = {json.dumps(entry)}" for field, entry in step.items()) + " }"
                    for step in value
                ]
                lines.append(f"steps = [{', '.join(steps)}]")
            else:
                lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "models.toml").write_text(catalog_of(INPUTS))
    (folder / "x.pth").touch()
    options = ["--catalog", folder / "models.toml", "--checkpoints", folder]
    options += ["--no-precompressed", "--cache", folder / "cache", "--out", folder / "site"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("torch2web.sources.load.load_model", network)
        assert main(["build", *map(str, options)]) == 0
    return folder / "site"


@pytest.fixture(scope="module")
def specs(site: Path) -> dict[str, ModelSpec]:
    return {spec.name: spec for spec in load_catalog(site.parent / "models.toml")}


@pytest.mark.parametrize("backend", ["compiled", "wasm"])
@pytest.mark.parametrize("name", INPUTS)
def test_page_predicts_what_pytorch_predicts(
    page: Page, site: Path, specs: dict[str, ModelSpec], host_of: Hosting, name: str, backend: str
) -> None:
    spec = specs[name]
    model = network(spec)
    host = host_of(site)
    pictures = {
        file: path for file, path in photograph_files().items() if file in ("astronaut.png", "rocket.jpg")
    }
    host.extras = {f"pictures/{file}": path for file, path in pictures.items()}
    open_harness(page, host)
    urls = [f"/{url}" for url in host.extras if url.startswith("pictures/")]
    options = {"backends": [backend], "variant": "fp32"}
    results = page.evaluate("args => probe.compare(...args)", [name, urls, options])
    assert len(results) == 2
    for file, path in pictures.items():
        tensor = preprocess(open_image(path, spec.preprocessing), spec.preprocessing)
        found = results[f"/pictures/{file}"]
        assert found["tensor"] == hashlib.sha256(tensor.tobytes()).hexdigest()
        with torch.inference_mode():
            logits = model(torch.from_numpy(tensor)[None])[0].numpy()
        assert np.abs(np.array(found["logits"]) - logits).max() <= 1e-4
        assert found["label"] == LABELS[int(logits.argmax())]
    entry = model_of(site, name)
    assert entry["input"]["shape"] == ["batch", *spec.input_shape]
    golden = np.array(variant_of(site, name)["golden"]["logits"])
    assert np.ptp(golden, axis=0).max() > 1e-3, "the golden input shows what the network computes"


def test_python_in_the_page_judges_every_input(page: Page, site: Path, host_of: Hosting) -> None:
    assert open_verify_page(page, host_of(site)) == "passed"


def grey_tensor(content: bytes, spec: ModelSpec) -> str:
    """SHA-256 of the tensor of `Image.open(file).convert("L")`, or "refused" by Pillow."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = open_image(io.BytesIO(content), spec.preprocessing)
    except (OSError, UnidentifiedImageError):
        return "DecodeError"
    assert image.mode == "L"
    return hashlib.sha256(preprocess(image, spec.preprocessing).tobytes()).hexdigest()


def kinds() -> dict[str, list[CorpusFile]]:
    by_kind: dict[str, list[CorpusFile]] = {}
    for file in make_corpus():
        by_kind.setdefault(file.kind, []).append(file)
    return by_kind


def test_grey_of_every_kind_of_file(
    page: Page, site: Path, specs: dict[str, ModelSpec], host_of: Hosting, tmp_path: Path
) -> None:
    files = make_corpus()
    host = host_of(site)
    for file in files:
        (tmp_path / file.name).write_bytes(file.content)
        host.extras[f"corpus/{file.name}"] = tmp_path / file.name
    open_harness(page, host)
    found = page.evaluate("args => probe.tensors(...args)", ["grey", list(host.extras)])
    wrong = {}
    for file in files:
        answer = found[f"corpus/{file.name}"]
        same = answer["tensor"] == grey_tensor(file.content, specs["grey"])
        if not (same or answer["inexact"] or file.kind == NOT_OF_THE_WEB):
            wrong[file.name] = answer
    assert wrong == {}
    assert len({answer["tensor"] for answer in found.values()}) > len(files) / 3


def test_grey_from_a_file_is_grey_of_its_rgb() -> None:
    """Pillow's direct conversion to grey equals that by way of RGB, which the loader uses."""
    differing = []
    compared = set()
    for kind, files in kinds().items():
        for file in files:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    with Image.open(io.BytesIO(file.content)) as image:
                        mode, direct = image.mode, image.convert("L")
                    by_rgb = open_rgb(io.BytesIO(file.content), "ignore").convert("L")
            except (OSError, UnidentifiedImageError):
                continue
            compared.add(mode)
            if direct.tobytes() != by_rgb.tobytes():
                differing.append((kind, file.name, mode))
    assert differing == []
    assert compared >= {"1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"}

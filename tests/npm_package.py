"""The npm package as a project installs it, and a site of two tiny networks with PyTorch's answers."""

import tarfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from jinja2 import Template
from numpy.typing import NDArray
from torch import nn

from tests.conftest import ROOT
from tests.tiny_network import CATALOG, relu_network
from torch2web.images import open_image, preprocess
from torch2web.images.preprocessing import Preprocessing
from torch2web.images.steps import Resize
from torch2web.store import integrity, sha256_of
from web.build.npm import CACHE, build_package, pack

MODELS = ("one", "two")
PREPROCESSING = Preprocessing((Resize((32, 32), "bilinear"),), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""As in CATALOG."""

TOLERANCE = 1e-4
"""The catalogue's."""


def network(name: str) -> nn.Module:
    """One of two networks whose last layers have opposite signs, so that their answers differ."""
    module = relu_network()
    if name == "two":
        with torch.no_grad():
            module.get_parameter("head.weight").neg_()
    return module


def write_two_models(folder: Path) -> list[object]:
    """Write a catalogue of both networks, with checkpoints, into `folder`; return the options to build it."""
    entries = []
    for name in MODELS:
        entries.append(CATALOG.replace('"tiny"', f'"{name}"').replace("tiny.pth", f"{name}.pth"))
        torch.save(network(name).state_dict(), folder / f"{name}.pth")
    (folder / "two.toml").write_text("".join(entries))
    options = ["--backend", "compiled", "--variants", "all", "--no-verify-page", "--no-precompressed"]
    return ["--catalog", folder / "two.toml", "--checkpoints", folder, *options]


def pytorch_logits(name: str, picture: Path) -> NDArray[np.float32]:
    """PyTorch's logits for one image, preprocessed with Pillow."""
    tensor = preprocess(open_image(picture, PREPROCESSING), PREPROCESSING)
    with torch.inference_mode():
        logits: NDArray[np.float32] = network(name)(torch.from_numpy(tensor)[None])[0].numpy()
    return logits


def embed_lines(name: str, site: Path, base: str) -> str:
    """The snippets of embed.html for the network "one" of a site at the address `base`."""
    template = Template((ROOT / f"templates/embed/{name}.txt").read_text())
    pin = integrity(sha256_of(site / "models/model_info.json"))
    package = f"torch2web-{version('torch2web')}.tgz"
    return str(template.render(model="one", base=base, integrity=pin, package=package))


def write_package(target: Path) -> Path:
    """Write the package as `make npm` does."""
    target.write_bytes(pack(build_package(CACHE)))
    return target


def unpack_package(node_modules: Path) -> None:
    """Install the package by itself, as npm would: it depends on nothing."""
    packed = write_package(node_modules / "torch2web.tgz")
    with tarfile.open(packed) as archive:
        archive.extractall(node_modules, filter="data")
    (node_modules / "package").rename(node_modules / "torch2web")

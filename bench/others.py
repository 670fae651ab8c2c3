"""Which weights of other people's networks pass the gate: int8 and compact.

Networks of torchvision and timm with seeded weights, not trained ones. Their BatchNormalization has the
statistics of pictures. Each is measured with its last layer as initialised, and with one that is scaled so
that labels differ between pictures, as after training. That is harder: what rounding changes is scaled too.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.coverage.packages import build, installed
from bench.site import ROOT
from tests.networks import spread_outputs
from torch2web.catalog.preprocessing_sources.likely import IMAGENET_MEAN, IMAGENET_STD
from torch2web.cli.terminal.console import Output
from torch2web.images import Preprocessing, Resize, preprocess
from torch2web.site.manifest import read_site_manifest
from torch2web.verification import calibration_images

NETWORKS = (
    ("torchvision/resnet18", 4),
    ("torchvision/resnet18", 1000),
    ("torchvision/densenet121", 10),
    ("torchvision/mobilenet_v3_small", 10),
    ("torchvision/convnext_tiny", 10),
    ("torchvision/shufflenet_v2_x0_5", 10),
    ("torchvision/squeezenet1_1", 10),
    ("torchvision/mnasnet0_5", 10),
    ("torchvision/regnet_y_400mf", 10),
    ("torchvision/swin_t", 10),
    ("timm/mobilenetv4_conv_small", 10),
    ("timm/vit_tiny_patch16_224", 10),
)
"""With their number of classes."""

SPREADS = {"initial": None, "spread": 2.0}
"""Standard deviation of the logits between images, by what is done to the last layer."""

COLUMNS = ("int8", "bits", "diff", "agree", "compact", "bits", "diff", "agree", "default")
"""Weights as a site stores them, bits of a weight, and what the reference run found; what a build ships."""

_PIXELS = ("--mean", ",".join(map(str, IMAGENET_MEAN)), "--std", ",".join(map(str, IMAGENET_STD)))
_OPTIONS = (*_PIXELS, "--yes")
_SHORT = (
    "--variants",
    "all",
    "--no-verify-page",
    "--no-precompressed",
    "--no-docs",
    "--backend",
    "onnxruntime",
)


def measure_others(output: Output) -> None:
    """MiB of the weights as a site stores them, what int8 and compact change, and what a build ships."""
    packages, problems = installed()
    for package, problem in problems.items():
        output.line(f"{package} left out: {problem}")
    rows = []
    for (head, spread), (name, classes) in product(SPREADS.items(), NETWORKS):
        if name.partition("/")[0] in packages:
            network, size = build(dict(packages), name, classes)
            _calibrate(network, size, spread)
            labels = [f"class {number}" for number in range(classes)]
            with site_of(network, size, labels) as (_, model):
                rows.append((f"{name}, {classes} classes", head, *cells(model)))
            output.line("  ".join(rows[-1]))
    output.table(("network", "head", *COLUMNS), rows)


@contextmanager
def site_of(
    network: nn.Module, size: tuple[int, int], labels: Sequence[str]
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A site that is built from the network's ONNX file, and the model's entry in its manifest."""
    with tempfile.TemporaryDirectory() as folder:
        path, site = Path(folder) / "network.onnx", Path(folder) / "site"
        torch.onnx.export(
            network,
            (torch.randn(2, 3, *size),),
            path,
            dynamo=False,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {0: "n"}, "y": {0: "n"}},
        )
        names = Path(folder) / "labels.txt"
        names.write_text("".join(f"{label}\n" for label in labels))
        resize = ("--resize", "x".join(map(str, size)))
        options = (*resize, "--labels-file", names, "--out", site, "--cache", Path(folder) / "cache")
        command = (sys.executable, "build.py", "build", path, *_OPTIONS, *_SHORT, *options)
        subprocess.run([*map(str, command)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        (model,) = read_site_manifest(site)["models"]
        yield site, model


@torch.no_grad()
def _calibrate(network: nn.Module, size: tuple[int, int], spread: float | None) -> None:
    """Normalise by the statistics of pictures, and let the logits differ by `spread` between them."""
    preprocessing = Preprocessing((Resize(size, "bilinear"),), IMAGENET_MEAN, IMAGENET_STD)
    pictures = [preprocess(image.image, preprocessing) for image in calibration_images(())]
    images = torch.from_numpy(np.stack(pictures))
    norms = [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    for layer in norms:
        layer.train()
    if norms:
        network(images)
    network.eval()
    if spread:
        spread_outputs(network, images, spread)


def cells(model: Mapping[str, Any]) -> Iterator[str]:
    """Those of COLUMNS."""
    entries = {entry["name"]: entry for entry in (*model["variants"], *model["refused"])}
    for name in ("int8", "compact"):
        entry = entries.get(name, {})
        figures = entry.get("verification") or {}
        weights = entry.get("weights", entry)
        refused = " refused" if "reason" in entry else ""
        size = weights.get("size", 0)
        yield f"{size / 2**20:.2f} MiB{refused}"
        yield f"{8 * size / model['complexity']['parameters']:.1f}"
        yield f"{figures.get('probabilities_max_abs_diff', float('nan')):.4f}"
        yield f"{figures.get('top1_agreement', float('nan')):.3f}"
    yield model["variants"][0]["name"]

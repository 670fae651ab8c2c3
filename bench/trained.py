"""Weights of a ResNet-18 that is trained, for minutes, on drawn faces: their size at the gate, and labels."""

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load
from torch.nn.functional import interpolate

from bench.coverage.packages import installed
from bench.others import COLUMNS, cells, site_of
from torch2web.cli.terminal.console import Output
from torch2web.demo import LABELS
from torch2web.demo.train import TEST_FACES, TEST_SEED, Recipe, draw_set, face_and_label, fit
from torch2web.store import join_parts
from torch2web.variants import SplitModel, Tensors, decode_all, split_model
from torch2web.verification import create_session_with, run_session

FACES = 1500
"""To train on."""

SIZE = 112
"""Pixels of the network's input, height and width."""

RECIPE = Recipe(((SIZE, 6, 3e-3),))


def measure_trained(output: Output) -> None:
    """As `others`, and how many of the demo's unseen faces are right in float32 and with `compact`."""
    packages, problems = installed()
    if "torchvision" not in packages:
        output.line(f"torchvision left out: {problems['torchvision']}")
        return
    torch.manual_seed(0)
    network = packages["torchvision"].models.resnet18(weights=None, num_classes=len(LABELS))
    fit("resnet18", network, RECIPE, *draw_set(0, FACES))
    with site_of(network.eval(), (SIZE, SIZE), LABELS) as (site, model):
        right = ["", ""]
        for variant in model["variants"]:
            if variant["name"] == "compact":
                (whole,) = (site / "models").glob("*.onnx")
                shares = _right(split_model(whole), load(join_parts(site, variant["weights"])))
                right = [f"{share:.2%}" for share in shares]
        row = ("resnet18, trained", *cells(model), *right)
    output.table(("network", *COLUMNS, "right", "with compact"), [row])


def _right(split: SplitModel, tensors: Tensors) -> tuple[float, float]:
    """Share of the demo's unseen faces whose label is right, with exact weights and with `tensors`."""
    exact = {weight.name: weight.values for weight in split.weights}
    sessions = [create_session_with(split.graph, weights) for weights in (exact, exact | decode_all(tensors))]
    right: NDArray[np.int64] = np.zeros(2, np.int64)
    for seed in range(TEST_SEED, TEST_SEED + TEST_FACES):
        face, label = face_and_label(seed)
        x = interpolate(torch.from_numpy(face)[None], size=SIZE, mode="bilinear", antialias=True).numpy()
        right += [int(run_session(session, x).argmax()) == label for session in sessions]
    exact_share, compact_share = right / TEST_FACES
    return float(exact_share), float(compact_share)

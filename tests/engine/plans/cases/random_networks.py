"""Seeded random networks of PyTorch, exported."""

import io
import warnings

import onnx
import torch
from torch import nn

from tests.engine.plans.cases.networks import Builder
from tests.engine.plans.cases.wider_networks import WiderBuilder

WIDER = 200
"""The first seed whose network has what transformers and decoders have, too."""


def random_network(seed: int) -> tuple[onnx.ModelProto, tuple[int, int, int]]:
    """A network exported like the project's models, and the shape of one sample."""
    torch.manual_seed(seed)
    builder = (Builder if seed < WIDER else WiderBuilder)(seed)
    network = builder.network().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.3)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 2)  # type: ignore[arg-type]
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
    file = io.BytesIO()
    opset = 12 + seed % 3 if seed < WIDER else 15 + seed % 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(1, *builder.shape),),
            file,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=opset,
            # Without constant folding, BatchNormalization stays a separate node in half of the networks.
            training=torch.onnx.TrainingMode.PRESERVE if seed % 2 else torch.onnx.TrainingMode.EVAL,
            do_constant_folding=seed % 2 == 0,
            input_names=["input"],
            output_names=["output"],
            dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
        )
    return onnx.load_from_string(file.getvalue()), builder.shape

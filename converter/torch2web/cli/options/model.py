"""Options that describe one model: of `build FILE`, `add` and `doctor`."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from torch2web.cli.options.paths import absolute


@dataclass(frozen=True)
class ModelOption:
    """An option of one model; values stay text until all of them are read together."""

    flag: str
    metavar: str
    help: str

    @property
    def dest(self) -> str:
        return "model_" + self.flag.removeprefix("--").replace("-", "_")


MODEL_OPTIONS = (
    ModelOption(
        "--name", "N", "name of the model, the argument of loadModel() (default: from the file name)"
    ),
    ModelOption("--labels", "A,B,C", "names of the classes in the order of the outputs, with commas between"),
    ModelOption("--labels-file", "F", "file of the names: one a line, or a JSON list or object"),
    ModelOption("--factory", "M:F", "function that builds the network, such as torchvision.models:resnet18"),
    ModelOption("--factory-args", "JSON", 'its arguments, such as {"width": 32}; --timm takes them too'),
    ModelOption("--timm", "NAME", "network of timm, such as mobilenetv3_small_100"),
    ModelOption("--architecture", "NAME", "network of this package, such as mobilenet_v2"),
    ModelOption("--weights-key", "K", "key of the state dict in the file (default: the one that fits)"),
    ModelOption("--output-name", "X", "name or index of the output of a network with several"),
    ModelOption("--task", "T", "what the outputs mean: softmax, sigmoid, binary, probabilities, embedding …"),
    ModelOption("--features", "LAYER", "let a classifier embed too: pooled, or the path of a layer"),
    ModelOption("--size", "HxW", "size of the network's input in pixels, such as 224x224"),
    ModelOption(
        "--resize", "SIZE", "256: the shorter side; 224x224: height and width; :bicubic names a filter"
    ),
    ModelOption("--crop", "SIZE", "cut this size from the middle after resizing: 224 or 224x224"),
    ModelOption("--color", "C", "rgb, bgr or grey (default: rgb)"),
    ModelOption("--scale", "S", "range of the pixels before mean and std: 1/255 (default) or 1"),
    ModelOption("--mean", "M,M,M", "subtracted from each channel"),
    ModelOption("--std", "S,S,S", "each channel is divided by it"),
    ModelOption("--preprocessor", "F", "take all of these from Hugging Face's preprocessor_config.json"),
    ModelOption("--tolerance", "X", "largest difference of an output from PyTorch's (default: by its scale)"),
    ModelOption("--exporter", "E", "auto (default), or one of PyTorch's: torch.export or torchscript"),
    ModelOption("--opset", "N", "opset of the ONNX file (default: 17)"),
)


def add_model_options(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add FILE and the options that describe its model."""
    parser.add_argument(
        "file",
        type=absolute,
        nargs=None if required else "?",
        metavar="FILE",
        help="checkpoint or network of one model" + ("" if required else " (default: the catalogue's)"),
    )
    group = parser.add_argument_group("the model in FILE")
    for option in MODEL_OPTIONS:
        group.add_argument(option.flag, dest=option.dest, metavar=option.metavar, help=option.help)
    group.add_argument(
        "--yes", "-y", action="store_true", help="take the likely values where the file does not say"
    )


def given_options(options: argparse.Namespace) -> Iterator[str]:
    """Flags of the model's options that were given."""
    for option in MODEL_OPTIONS:
        if getattr(options, option.dest) is not None:
            yield option.flag
    if options.yes:
        yield "--yes"

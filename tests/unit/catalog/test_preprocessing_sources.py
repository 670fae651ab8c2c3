"""Preprocessing read from objects of torchvision, timm and Hugging Face gives their tensors to the bit."""

import importlib
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.other_packages import package
from torch2web.catalog.preprocessing_sources import (
    from_hugging_face,
    from_timm_config,
    from_transforms,
    likely_normalisation,
    of_size,
)
from torch2web.errors import PreprocessingError
from torch2web.images import Preprocessing, preprocess
from torch2web.images.steps import CenterCrop, Grey, Resize, read_steps, step_as_dict

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
SIZES = [(61, 47), (30, 90), (33, 33), (5, 4), (300, 201), (35, 32), (32, 35)]


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.Generator(np.random.PCG64(7)).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels, "RGB")


def expect_same(transform: Any, spec: Preprocessing) -> None:
    for size in SIZES:
        image = noise(*size)
        expected = transform(image)
        found = preprocess(image, spec)
        assert expected.dtype == torch.float32
        assert tuple(expected.shape) == found.shape == (spec.channels, *spec.size)
        assert np.array_equal(expected.numpy(), found), size
    # Written into a catalogue or manifest and read back, it is unchanged.
    assert Preprocessing.from_dict(spec.as_dict()) == Preprocessing.from_dict(spec.as_entry()) == spec


VERSION_1 = [
    "[T.Resize((32, 40)), T.ToTensor()]",
    "[T.Resize(36), T.CenterCrop(32), T.ToTensor(), N]",
    "[T.Resize([36], interpolation=I.BICUBIC, max_size=50), T.CenterCrop((32, 28)), T.ToTensor(), N]",
    "[T.Resize((32, 40), antialias=False), T.ToTensor(), N]",
    "[T.Resize(36, I.LANCZOS), T.ToTensor(), T.CenterCrop(40), N]",
    "[T.Resize((20, 20), I.NEAREST_EXACT), T.Pad((1, 2), fill=(1, 200, 3)), T.ToTensor(), N]",
    "[T.Resize((9, 8), I.BOX), T.Pad(3, 0, 'reflect'), T.PILToTensor(), T.ConvertImageDtype(F), N]",
    "[T.Grayscale(), T.Resize((28, 28)), T.ToTensor(), T.Normalize((0.1307,), (0.3081,))]",
    "[T.Resize((28, 28)), T.Grayscale(3), T.ToTensor(), N]",
    "[T.Resize((28, 28)), T.ToTensor(), T.Normalize(0.5, 0.25)]",
]
VERSION_2 = [
    "[V.ToImage(), V.CenterCrop(30), V.ToDtype(F, scale=True), V.Normalize(**M)]",
    "[V.Resize((32, 40)), V.ToImage(), V.ToDtype(F, scale=True), V.Normalize(**M)]",
    "[V.Resize((32, 40)), V.PILToTensor(), V.ToDtype(F), V.Normalize([103.939, 116.779, 123.68], [1, 1, 1])]",
    "[V.Resize((32, 40)), V.PILToTensor(), V.ConvertImageDtype(F)]",
    "[V.RGB(), V.Resize(36, max_size=50), V.CenterCrop([32, 31]), V.ToTensor(), V.Normalize(**M)]",
    "[V.Grayscale(), V.Resize((28, 28)), V.Pad([1, 2, 3, 4], 9), V.ToImage(), V.ToDtype(F, scale=True)]",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("source", VERSION_1 + VERSION_2)
def test_transforms_of_torchvision(source: str) -> None:
    transforms, second = package("torchvision.transforms"), package("torchvision.transforms.v2")
    names = {
        "T": transforms,
        "V": second,
        "I": transforms.InterpolationMode,
        "F": torch.float32,
        "M": IMAGENET,
        "N": transforms.Normalize(**IMAGENET),
    }
    made = eval(source, names)
    compose = second.Compose if source in VERSION_2 else transforms.Compose
    expect_same(compose(made), from_transforms(compose(made)))
    assert from_transforms(made) == from_transforms(compose([compose(made)]))


def test_preset_of_torchvisions_weights() -> None:
    presets = package("torchvision.transforms._presets")
    preset = presets.ImageClassification(crop_size=32, resize_size=36)
    expect_same(preset, from_transforms(preset))


TIMM = [
    {"input_size": (3, 32, 32), "crop_pct": 0.9},
    {"input_size": (3, 32, 32), "crop_pct": 0.95, "interpolation": "bilinear", "mean": (0.5, 0.4, 0.3)},
    {"input_size": (3, 32, 48), "crop_pct": 0.9, "interpolation": "bicubic"},
    {"input_size": (3, 32, 48), "crop_pct": 1.0, "crop_mode": "squash"},
    {"input_size": (3, 32, 32), "crop_pct": 0.875, "crop_mode": "border", "std": (0.5, 0.5, 0.5)},
    {"input_size": (3, 32, 48), "crop_pct": 1.0, "crop_mode": "border", "interpolation": "lanczos"},
]


@pytest.mark.parametrize("config", TIMM)
def test_configs_of_timm(config: dict[str, Any]) -> None:
    data = package("timm.data")
    resolved = data.resolve_data_config(pretrained_cfg=config)
    transform = data.create_transform(**resolved, is_training=False)
    expect_same(transform, from_timm_config(config))
    assert from_timm_config(resolved) == from_timm_config(config)
    # The steps alone, as timm's own objects.
    assert from_transforms(transform).steps == from_timm_config(config).steps


def test_every_default_config_of_timm_is_read() -> None:
    timm = package("timm")
    configs = [timm.get_pretrained_cfg(name) for name in timm.list_models(pretrained=True)]
    assert len(configs) > 500
    unknown = []
    for config in configs:
        entry = config.to_dict()
        try:
            from_timm_config(entry)
        except PreprocessingError as error:
            unknown.append((entry["architecture"], str(error)))
    assert unknown == []


def test_grey_config_of_timm() -> None:
    spec = from_timm_config({"input_size": (1, 28, 28), "mean": (0.5,), "std": (0.25,), "crop_pct": 1})
    assert (spec.color, spec.channels, spec.mean) == ("grey", 1, (0.5,))


VIT: dict[str, Any] = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": 32, "width": 40},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 0.00392156862745098,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.25, 0.5, 0.5],
}
EDGE = {"size": {"shortest_edge": 36}, "do_center_crop": True, "crop_size": {"height": 32, "width": 31}}
HUGGING_FACE: list[tuple[str, dict[str, Any]]] = [
    ("ViT", {}),
    ("ViT", {"do_normalize": False, "resample": 3}),
    ("ViT", {"do_rescale": False, "image_mean": [123.675, 116.28, 103.53], "image_std": [58.4, 57.1, 57.4]}),
    (
        "DeiT",
        {
            "size": {"height": 36, "width": 36},
            "do_center_crop": True,
            "crop_size": {"height": 33, "width": 32},
        },
    ),
    ("ConvNext", {"size": {"shortest_edge": 32}, "crop_pct": 0.875, "resample": 3}),
    ("ConvNext", {"size": {"shortest_edge": 384}, "crop_pct": 0.875}),
    ("MobileNetV2", EDGE),
    ("Levit", EDGE | {"resample": 3}),
    ("Bit", EDGE | {"resample": 3}),
    ("MobileViT", EDGE | {"do_flip_channel_order": True, "do_normalize": False}),
]


@pytest.mark.parametrize(("kind", "changes"), HUGGING_FACE)
def test_processors_of_hugging_face(kind: str, changes: dict[str, Any]) -> None:
    config = VIT | {"image_processor_type": f"{kind}ImageProcessor"} | changes
    package("transformers")
    name = kind.lower().replace("mobilenetv2", "mobilenet_v2")
    module = importlib.import_module(f"transformers.models.{name}.image_processing_pil_{name}")
    processor = getattr(module, f"{kind}ImageProcessorPil")(**config)
    spec = from_hugging_face(config)
    expect_same(lambda image: torch.tensor(processor(image)["pixel_values"][0].copy()), spec)
    assert from_hugging_face(processor.to_dict()) == spec


def test_steps_of_a_processor_without_its_package() -> None:
    spec = from_hugging_face(
        VIT | {"image_processor_type": "ConvNextFeatureExtractor", "size": 224, "crop_pct": 0.875}
    )
    assert spec.steps == (Resize(256, "bilinear"), CenterCrop((224, 224), rounding="floor"))
    assert from_hugging_face(VIT | {"size": 32}).steps == (Resize((32, 32), "bilinear"),)
    timm = from_hugging_face({"pretrained_cfg": {"input_size": [3, 64, 64], "crop_pct": 1.0}})
    assert timm.steps == (Resize(64, "bicubic"), CenterCrop((64, 64)))


@pytest.mark.parametrize(
    ("changes", "key", "problem"),
    [
        ({"image_processor_type": "DetrImageProcessor"}, "image_processor_type", "found DetrImageProcessor"),
        ({"image_processor_type": None}, "image_processor_type", "is missing"),
        ({"do_pad": True}, "do_pad", "do_pad cannot be computed"),
        ({"include_top": True}, "include_top", "divides by std a second time"),
        ({"rescale_factor": 0.5}, "rescale_factor", "found 0.5, expected 1/255"),
        ({"size": {"shortest_edge": 9, "longest_edge": 20}}, "size", "found longest_edge, shortest_edge"),
        ({"size": {"shortest_edge": 9}}, "steps", "the size after these steps depends on the image"),
        ({"size": None}, "size", "is missing"),
        ({"size": {"height": "a", "width": 3}}, "size.height", "found 'a', expected a whole number"),
        ({"resample": 9}, "resample", "found the interpolation 9"),
        ({"image_mean": None}, "image_mean", "is missing"),
        ({"image_mean": [1, 2]}, "mean", "found 2 numbers, expected 3"),
        ({"image_std": "half"}, "image_std", "found 'half', expected numbers"),
        ({"do_center_crop": True}, "crop_size", "is missing"),
        (
            {"do_center_crop": True, "crop_size": [1, 2, 3]},
            "crop_size",
            "found [1, 2, 3], expected height and width",
        ),
        ({"rescale_offset": True}, "rescale_offset", "an offset of levels cannot be computed"),
        ({"image_processor_type": "ConvNextImageProcessor"}, "size", "expected shortest_edge"),
    ],
)
def test_what_a_processor_has_that_is_not_exact(changes: dict[str, Any], key: str, problem: str) -> None:
    with pytest.raises(PreprocessingError) as caught:
        from_hugging_face(VIT | changes)
    assert caught.value.key == key
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("changes", "key", "problem"),
    [
        ({"input_size": 224}, "input_size", "found 224, expected channels (1 or 3)"),
        ({"interpolation": "random"}, "interpolation", "found the interpolation 'random'"),
        ({"crop_mode": "corner"}, "crop_mode", "expected one of center, squash, border"),
        ({"crop_pct": 90}, "crop_pct", "expected a share"),
        ({"crop_border_pixels": 4}, "crop_border_pixels", "not supported"),
        ({"mean": (1, 2)}, "mean", "found 2 numbers, expected 3"),
    ],
)
def test_what_a_timm_config_has_that_is_not_exact(changes: dict[str, Any], key: str, problem: str) -> None:
    with pytest.raises(PreprocessingError) as caught:
        from_timm_config(changes)
    assert caught.value.key == key
    assert problem in caught.value.problem


def named(name: str, module: str = "torchvision.transforms.transforms", **attributes: Any) -> Any:
    """An object whose class looks like torchvision's class of that name."""
    return type(name, (SimpleNamespace,), {"__module__": module})(**attributes)


RESIZE = named("Resize", size=(9, 8), interpolation=SimpleNamespace(value="bilinear"), max_size=None)
TENSOR = named("ToTensor")
NORMALIZE = named("Normalize", mean=[0.5, 0.5, 0.5], std=[0.5, 0.5, 0.5])


@pytest.mark.parametrize(
    ("transforms", "key", "problem"),
    [
        ([TENSOR, RESIZE], "Resize", "stands after the conversion to a tensor"),
        (
            [RESIZE, TENSOR, named("Grayscale", num_output_channels=1)],
            "Grayscale",
            "stands after the conversion",
        ),
        (
            [RESIZE, named("RandomHorizontalFlip"), TENSOR],
            "RandomHorizontalFlip",
            "at random, as in training",
        ),
        ([RESIZE, TENSOR, lambda tensor: tensor], "function", "a function of one's own cannot be read"),
        ([RESIZE, named("GaussianBlur"), TENSOR], "GaussianBlur", "is not known; known are CenterCrop"),
        ([RESIZE], "transforms", "end with a PIL image; expected ToTensor"),
        ([RESIZE, named("PILToTensor")], "transforms", "end with a uint8 tensor"),
        ([RESIZE, TENSOR, NORMALIZE, NORMALIZE], "Normalize", "expected one Normalize"),
        ([RESIZE, NORMALIZE], "Normalize", "found Normalize for a PIL image"),
        (
            [RESIZE, TENSOR, NORMALIZE, named("CenterCrop", size=(4, 4))],
            "CenterCrop",
            "stands after Normalize",
        ),
        ([named("Resize", size=9), TENSOR], "Resize", "it is not torchvision's or timm's Resize"),
        ([RESIZE, named("ToDtype", dtype=torch.float16)], "ToDtype.dtype", "found torch.float16"),
        ([TENSOR], "steps", "the size after these steps depends on the image"),
    ],
)
def test_transforms_that_are_not_exact(transforms: list[Any], key: str, problem: str) -> None:
    with pytest.raises(PreprocessingError) as caught:
        from_transforms(transforms)
    assert caught.value.key == key
    assert problem in caught.value.problem


def test_transforms_are_read_without_torchvision() -> None:
    spec = from_transforms([RESIZE, TENSOR, NORMALIZE])
    assert spec == Preprocessing((Resize((9, 8), "bilinear"),), (0.5,) * 3, (0.5,) * 3)
    grey = from_transforms([named("Grayscale", num_output_channels=1), RESIZE, TENSOR])
    assert (grey.steps[0], grey.channels, grey.color) == (Grey(1), 1, "rgb")
    opened = from_transforms([RESIZE, TENSOR, named("Normalize", mean=[0.5], std=[0.5])], color="grey")
    assert (opened.channels, opened.mean) == (1, (0.5,))
    assert read_steps([step_as_dict(step) for step in grey.steps]) == grey.steps


def test_what_is_likely_where_only_the_size_is_known() -> None:
    spec = of_size(28, 32, color="grey")
    assert (spec.size, spec.channels, spec.mean, spec.std) == ((28, 32), 1, (0,), (1,))
    assert likely_normalisation(3, 224, 224).mean == (0.485, 0.456, 0.406)
    assert likely_normalisation(1, 28, 28).reason == "of MNIST"
    assert likely_normalisation(1, 64, 64).mean == (0.5,)

"""Python's preprocessing against torchvision's definition, implemented in torch."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from torch2web.errors import PreprocessingError
from torch2web.images.golden import BATCH, golden_input, golden_pixels
from torch2web.images.preprocessing import SCALES, Preprocessing, apply_step, open_rgb, preprocess
from torch2web.images.steps import (
    CenterCrop,
    Grey,
    Letterbox,
    Pad,
    Resize,
    Step,
    read_steps,
    size_after,
    step_as_dict,
)
from torch2web.tasks.activation import softmax
from web.verify.python import oracle

SPEC = Preprocessing((Resize((224, 200), "bilinear"),), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels, "RGB")


@pytest.mark.parametrize("size", [(640, 480), (200, 224), (31, 700)])
def test_equals_resize_to_tensor_normalize(size: tuple[int, int]) -> None:
    image = noise(*size)
    tensor = torch.from_numpy(np.array(image.resize((200, 224), Image.Resampling.BILINEAR)))
    tensor = tensor.permute(2, 0, 1).contiguous().to(torch.float32).div(255)
    mean = torch.tensor(SPEC.mean)[:, None, None]
    std = torch.tensor(SPEC.std)[:, None, None]
    expected = tensor.sub_(mean).div_(std).numpy()
    found = preprocess(image, SPEC)
    assert found.dtype == np.float32
    assert found.shape == (3, 224, 200)
    assert np.array_equal(found, expected)


def test_alpha_is_dropped_and_orientation_applied(tmp_path: Path) -> None:
    rgba = noise(20, 10).convert("RGBA")
    rgba.putalpha(Image.new("L", (20, 10), 40))
    rgba.save(tmp_path / "alpha.png")
    assert np.array_equal(np.asarray(open_rgb(tmp_path / "alpha.png")), np.asarray(noise(20, 10)))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    noise(20, 10).save(buffer, "PNG", exif=exif)
    buffer.seek(0)
    assert open_rgb(buffer).size == (10, 20)
    assert open_rgb(buffer, "ignore").size == (20, 10)


def test_golden_input_is_a_picture_with_texture() -> None:
    pixels = golden_pixels(5, 224, 200)
    assert pixels.shape == (224, 200, 3)
    assert len(np.unique(pixels)) > 200
    assert not np.array_equal(pixels, golden_pixels(6, 224, 200))
    assert golden_input(5, SPEC).shape == (BATCH, 3, 224, 200)


def test_softmax_sums_to_one_however_large_the_logits() -> None:
    probabilities = softmax(np.array([[1000, 0, -1000], [1, 2, 3]], np.float32))
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-15
    assert probabilities[0].tolist() == [1, 0, 0]


SHAPES = [
    (Resize(40, "bilinear"), CenterCrop((32, 32))),
    (Resize(24, "bicubic"), CenterCrop((32, 31))),
    (CenterCrop((29, 38)),),
    (Resize((20, 30), "lanczos"), Pad((1, 2, 3, 4), (10, 20, 30))),
    (Resize((20, 30), "hamming"), Pad((31, 2, 3, 24), mode="reflect")),
    (Resize((20, 30), "box"), Pad((5, 0, 70, 1), mode="symmetric")),
    (Resize((20, 30), "nearest"), Pad((0, 9, 9, 0), mode="edge")),
    (Resize(20, "box", max_size=31), CenterCrop((29, 30), (1, 2, 3))),
    (Resize((20, 31), "bilinear", fit="contain"), CenterCrop((20, 31), (50, 60, 70), "floor")),
    (Resize((20, 31), "bilinear", fit="cover"), CenterCrop((20, 31), rounding="floor")),
    (CenterCrop((44, 41), (9, 8, 7), "floor"),),
    (Letterbox((20, 31)),),
    (Letterbox((31, 20), "nearest", (0, 9, 99)), Grey(3)),
]


@pytest.mark.parametrize("size", [(61, 47), (30, 90), (33, 33), (5, 4)])
@pytest.mark.parametrize("steps", SHAPES)
def test_steps_match_the_reference_implementation(size: tuple[int, int], steps: tuple[Step, ...]) -> None:
    """The reference implementation of the verify page follows torchvision's documentation, not this code."""
    expect_oracles(noise(*size), Preprocessing(steps, SPEC.mean, SPEC.std))


def expect_oracles(image: Image.Image, spec: Preprocessing) -> None:
    planes = tuple(channel.tobytes() for channel in image.split())
    expected = oracle.tensor_of(oracle.Planes(*image.size, planes), spec.as_dict())
    found = preprocess(image, spec)
    assert found.dtype == np.float32
    assert found.shape == (spec.channels, *spec.size)
    assert found.tobytes() == expected


GREY_SHAPES = [
    (Resize((20, 31), "bicubic"), Pad((1, 2, 3, 4), (7, 7, 7))),
    (Resize((20, 31), "bicubic"), Pad((1, 2, 3, 4), mode="reflect")),
    (Letterbox((20, 31)),),
    (CenterCrop((40, 31), (9, 9, 9)), Grey(1)),
]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("steps", GREY_SHAPES)
def test_grey_images_match_the_reference_implementation(steps: tuple[Step, ...], scale: str | int) -> None:
    expect_oracles(noise(33, 41), Preprocessing(steps, (0.1307,), (0.3081,), color="grey", scale=scale))


@pytest.mark.parametrize("steps", [(Resize((9, 8), "box"),), (Resize((9, 8), "box"), Grey())])
@pytest.mark.parametrize("scale", SCALES)
def test_channel_orders_and_scales_match_the_reference_implementation(
    steps: tuple[Step, ...], scale: str | int
) -> None:
    channels = 3 if len(steps) == 1 else 1
    spec = Preprocessing(steps, (103.939, 116.779, 123.68)[:channels], color="bgr", scale=scale)
    expect_oracles(noise(20, 30), spec)
    rgb = Preprocessing(steps, spec.mean[::-1], scale=scale)
    if channels == 3:
        assert np.array_equal(preprocess(noise(20, 30), spec), preprocess(noise(20, 30), rgb)[::-1])


def test_scales_are_torchs() -> None:
    """ToTensor divides, v2.ToDtype multiplies, which differs in the last bit of 126 levels."""
    levels = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    tensor = torch.arange(256, dtype=torch.uint8).to(torch.float32)
    expected = {"1/255": tensor.div(255), "*1/255": tensor.mul(1.0 / 255), 1: tensor}
    found = {}
    for scale in SCALES:
        spec = Preprocessing((Resize((1, 256), "box"),), color="grey", scale=scale)
        found[scale] = preprocess(levels, spec).ravel()
        assert np.array_equal(found[scale], expected[scale].numpy())
    assert (found["1/255"] != found["*1/255"]).sum() == 126


@pytest.mark.parametrize(
    ("step", "key"),
    [
        (Pad((1, 1, 1, 1), (1, 2, 3)), "steps[0].fill"),
        (CenterCrop((9, 9), (1, 2, 3)), "steps[0].fill"),
        (Letterbox((9, 9), fill=(1, 2, 3)), "steps[0].fill"),
    ],
)
def test_fill_of_a_grey_image_is_grey(step: Step, key: str) -> None:
    with pytest.raises(PreprocessingError, match="the image is grey there") as caught:
        Preprocessing((step, CenterCrop((9, 9))), color="grey")
    assert caught.value.key == key
    Preprocessing((step, Grey(), CenterCrop((9, 9))))


def test_shorter_side_is_cut_down_to_whole_pixels() -> None:
    assert Resize(224, "bilinear").resized(480, 641) == (224, 299)
    assert Resize(224, "bilinear").resized(641, 480) == (299, 224)
    assert Resize(224, "bilinear").resized(7, 7) == (224, 224)


def test_a_half_pixel_is_cropped_to_the_even_side() -> None:
    ramp = Image.fromarray(np.arange(7, dtype=np.uint8)[None, :, None].repeat(3, axis=2))
    kept = [np.asarray(apply_step(ramp, CenterCrop((1, width))))[0, :, 0].tolist() for width in (6, 4, 2)]
    assert kept == [[0, 1, 2, 3, 4, 5], [2, 3, 4, 5], [2, 3]]


@pytest.mark.parametrize("steps", [(), (Resize(256, "bilinear"),), (Pad((1, 1, 1, 1)),)])
def test_one_size_is_needed(steps: tuple[Step, ...]) -> None:
    with pytest.raises(PreprocessingError, match="the size after these steps depends on the image"):
        Preprocessing(steps, SPEC.mean, SPEC.std)


def test_read_as_torchvision_takes_it() -> None:
    entries = [
        {"op": "resize", "size": 256, "filter": "bicubic"},
        {"op": "center_crop", "size": 224},
        {"op": "pad", "padding": 2},
        {"op": "pad", "padding": [1, 3], "fill": 7, "mode": "edge"},
    ]
    steps = read_steps(entries)
    assert steps == (
        Resize(256, "bicubic"),
        CenterCrop((224, 224)),
        Pad((2, 2, 2, 2)),
        Pad((1, 3, 1, 3), (7, 7, 7), "edge"),
    )
    assert size_after(steps) == (224 + 4 + 6, 224 + 4 + 2)
    assert read_steps([step_as_dict(step) for step in steps]) == steps

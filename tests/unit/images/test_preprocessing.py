"""Python's preprocessing against torchvision's definition, written out in torch."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from torch2web.images.golden import BATCH, golden_input, golden_pixels
from torch2web.images.preprocessing import Preprocessing, apply_step, open_rgb, preprocess
from torch2web.images.steps import CenterCrop, Pad, Resize, Step, read_steps, size_after, step_as_dict
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
]


@pytest.mark.parametrize("size", [(61, 47), (30, 90), (33, 33), (5, 4)])
@pytest.mark.parametrize("steps", SHAPES)
def test_steps_are_the_oracles(size: tuple[int, int], steps: tuple[Step, ...]) -> None:
    """The page's judge was written from torchvision's documentation, and not from this code."""
    image, spec = noise(*size), Preprocessing(steps, SPEC.mean, SPEC.std)
    red, green, blue = (channel.tobytes() for channel in image.split())
    expected = oracle.tensor_of(oracle.Planes(*image.size, (red, green, blue)), spec.as_dict())
    found = preprocess(image, spec)
    assert found.shape == (3, *spec.size)
    assert found.tobytes() == expected


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
    with pytest.raises(ValueError, match="the size after these steps depends on the image"):
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

"""Python's preprocessing against torchvision's definition, written out in torch."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from converter.golden import BATCH, golden_input, golden_pixels
from converter.postprocess import softmax
from converter.preprocess import Preprocessing, open_rgb, preprocess

SPEC = Preprocessing(224, 200, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


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


def test_alpha_is_dropped_and_orientation_ignored(tmp_path: Path) -> None:
    rgba = noise(20, 10).convert("RGBA")
    rgba.putalpha(Image.new("L", (20, 10), 40))
    rgba.save(tmp_path / "alpha.png")
    assert np.array_equal(np.asarray(open_rgb(tmp_path / "alpha.png")), np.asarray(noise(20, 10)))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    noise(20, 10).save(buffer, "PNG", exif=exif)
    buffer.seek(0)
    assert open_rgb(buffer).size == (20, 10)


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

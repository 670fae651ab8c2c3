"""Drawn images cached between builds equal newly drawn ones."""

from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from tests.materials import MATERIALS, images
from torch2web.pipeline.keys.kept_drawings import kept_images, kept_samples
from torch2web.verification import neutral_images, reference_images


def draw_nothing() -> NoReturn:
    raise AssertionError("it is drawn again")


@pytest.mark.parametrize("faces", [True, False])
def test_images(tmp_path: Path, faces: bool) -> None:
    drawn = images() if faces else reference_images(neutral_images())
    for materials in (MATERIALS, replace(MATERIALS, reference_images=draw_nothing)):
        kept = kept_images(tmp_path, materials, faces=faces)
        assert [image.name for image in kept] == [image.name for image in drawn]
        for one, other in zip(kept, drawn, strict=True):
            assert one.as_png() == other.as_png()
            assert one.image.mode == "RGB"
            assert one.image.tobytes() == other.image.tobytes()


def test_samples(tmp_path: Path) -> None:
    labels = [MATERIALS.labels]
    assert kept_samples(tmp_path, MATERIALS, labels) == MATERIALS.samples()
    assert kept_samples(tmp_path, replace(MATERIALS, samples=draw_nothing), labels) == MATERIALS.samples()
    assert kept_samples(tmp_path, MATERIALS, [*labels, ("cat", "dog")]) == ()


def test_another_way_to_draw_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_samples(tmp_path, MATERIALS, [MATERIALS.labels])
    monkeypatch.setattr("torch2web.pipeline.keys.code_fingerprint.version", lambda name: f"{name} 99")
    with pytest.raises(AssertionError, match="drawn again"):
        kept_samples(tmp_path, replace(MATERIALS, samples=draw_nothing), [MATERIALS.labels])

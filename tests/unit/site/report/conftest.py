"""A site of a tiny network, evaluated on labelled images too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tiny_network import plannable
from torch2web.catalog.load import ModelSpec
from torch2web.pipeline import BuildOptions, build
from torch2web.site.manifest import Delivery
from torch2web.tasks import Gate


def build_tiny(spec: ModelSpec, out: Path, cache: Path, pictures: Path | None = None) -> Path:
    delivery = Delivery(verify_page=False, precompressed=False)
    build(BuildOptions([(spec, None)], out, cache, False, pictures, delivery), lambda *_: None)
    return out


@pytest.fixture(scope="session")
def tiny_spec(catalog: dict[str, ModelSpec]) -> ModelSpec:
    """A model with a gate that fp16 passes and int8 fails."""
    return replace(catalog["mobilenet_emotion"], title="Tiny | <b>net</b>", license="mit", gate=Gate(0, 4e-4))


@pytest.fixture(scope="session")
def tiny_site(tiny_spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A built site, to be read only."""
    folder = tmp_path_factory.mktemp("report")
    random = np.random.default_rng(1)
    for label in ("Bored", "Tired"):
        (folder / "pictures" / label).mkdir(parents=True)
        for index in range(3):
            pixels = random.integers(0, 256, (40, 50, 3), np.uint8)
            Image.fromarray(pixels, "RGB").save(folder / "pictures" / label / f"xyzzy{index}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("torch2web.sources.load.load_model", plannable)
        yield build_tiny(tiny_spec, folder / "site", folder / "cache", folder / "pictures")

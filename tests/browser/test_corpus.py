"""Pictures of every kind: the tensor is Pillow's to the bit, and what Pillow refuses is refused."""

import hashlib
import io
import random
import warnings
from pathlib import Path

import pytest
from PIL import UnidentifiedImageError
from playwright.sync_api import Page

from converter.catalog import ModelSpec
from converter.preprocess import Preprocessing, open_rgb, preprocess
from tests.browser.parity import open_harness
from tests.browser.server import Hosting
from tests.corpus import CorpusFile, make_corpus

MODEL = "mobilenet_emotion"
REFUSED = "DecodeError"


@pytest.fixture(scope="module")
def corpus() -> list[CorpusFile]:
    return make_corpus()


def pillows(content: bytes, spec: Preprocessing) -> str:
    """SHA-256 of the tensor, or that Pillow refuses the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of transparency in palettes, which is dropped as it should be
            image = open_rgb(io.BytesIO(content))
    except (OSError, UnidentifiedImageError):
        return REFUSED
    return hashlib.sha256(preprocess(image, spec).tobytes()).hexdigest()


def test_corpus_covers_what_people_have(corpus: list[CorpusFile]) -> None:
    assert len(corpus) >= 120
    assert len({file.name for file in corpus}) == len(corpus)
    assert make_corpus() == corpus, "the same files every time"


def test_every_file_gives_pillows_tensor(
    page: Page,
    small_site: Path,
    host_of: Hosting,
    catalog: dict[str, ModelSpec],
    corpus: list[CorpusFile],
    tmp_path: Path,
) -> None:
    host = host_of(small_site)
    for file in corpus:
        path = tmp_path / file.name
        path.write_bytes(file.content)
        host.extras[f"corpus/{file.name}"] = path
    open_harness(page, host)
    found = page.evaluate("args => probe.tensors(...args)", [MODEL, list(host.extras)])
    expected = {file.name: pillows(file.content, catalog[MODEL].preprocessing) for file in corpus}
    assert list(expected.values()).count(REFUSED) >= 5
    differing = {
        file.name: found[f"corpus/{file.name}"]["tensor"]
        for file in corpus
        if found[f"corpus/{file.name}"]["tensor"] != expected[file.name]
    }
    said = {
        file.name: found[f"corpus/{file.name}"]["inexact"]
        for file in corpus
        if found[f"corpus/{file.name}"]["inexact"]
    }
    # CMYK is the one kind that no path decodes exactly; the loader says so, of these files and of no others.
    assert sorted(differing) == sorted(said) == ["cmyk-444.jpg", "cmyk.jpg", "ycck.jpg"], differing
    assert all("CMYK" in reason for reason in said.values())


def test_damaged_files_give_pixels_or_a_decode_error(
    page: Page, small_site: Path, host_of: Hosting, corpus: list[CorpusFile], tmp_path: Path
) -> None:
    """No other exception gets out, whatever the bytes are."""
    source = random.Random(4)
    host = host_of(small_site)
    for number, file in enumerate(file for file in corpus if 0 < len(file.content) < 20_000):
        content = bytearray(file.content)
        if number % 3 == 0:
            del content[source.randrange(len(content)) :]
        else:
            for _ in range(source.randint(1, 12)):
                content[source.randrange(min(len(content), 400))] = source.randrange(256)
        path = tmp_path / str(number)
        path.write_bytes(content)
        host.extras[f"corpus/{number}"] = path
    open_harness(page, host)
    urls = [url for url in host.extras if url.startswith("corpus/")]
    found = page.evaluate("args => probe.tensors(...args)", [MODEL, urls])
    outcomes = {url: result["tensor"] for url, result in found.items()}
    strange = {url: tensor for url, tensor in outcomes.items() if tensor != REFUSED and len(tensor) != 64}
    assert strange == {}
    assert len(outcomes) > 120
    assert REFUSED in outcomes.values()

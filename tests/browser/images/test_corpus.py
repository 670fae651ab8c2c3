"""Images of every kind: the tensor equals Pillow's bit for bit; files that Pillow refuses are refused."""

import hashlib
import io
import random
import warnings
from pathlib import Path

import pytest
from PIL import UnidentifiedImageError
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Host, Hosting
from tests.conftest import ROOT, run_build
from tests.corpus import NOT_OF_THE_WEB, CorpusFile, make_corpus
from torch2web.catalog.load import ModelSpec, load_catalog
from torch2web.images.preprocessing import Preprocessing, open_rgb, preprocess

MODEL = "mobilenet_emotion"
REFUSED = "DecodeError"
INEXACT = ["420-10-bit.avif", "444-10-bit.avif", "cmyk-422-magenta-whole.jpg"]
"""Files that Chromium does not give Pillow's pixels of."""
RARE = ["animated-420.avif", "truncated.jpg"]
"""The only ones of their decoders, of which every eighth file is none."""


@pytest.fixture(scope="module")
def corpus() -> list[CorpusFile]:
    return make_corpus()


def pillows(content: bytes, spec: Preprocessing) -> str:
    """SHA-256 of the tensor, or "refused" by Pillow."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about transparency in palettes, which is dropped intentionally
            image = open_rgb(io.BytesIO(content), spec.exif_orientation)
    except (OSError, UnidentifiedImageError):
        return REFUSED
    return hashlib.sha256(preprocess(image, spec).tobytes()).hexdigest()


def test_corpus_covers_common_kinds(corpus: list[CorpusFile]) -> None:
    assert len(corpus) >= 300
    assert len({file.name for file in corpus}) == len(corpus)
    assert make_corpus() == corpus, "the same files every time"


@pytest.fixture(scope="module")
def stored_site(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> tuple[Path, ModelSpec]:
    """A site whose catalogue says that orientation is ignored: images are used as stored."""
    folder = tmp_path_factory.mktemp("stored")
    catalog = folder / "models.toml"
    text = (ROOT / "models.toml").read_text()
    catalog.write_text(
        text.replace('filter = "bilinear"', 'filter = "bilinear"\nexif_orientation = "ignore"')
    )
    site = folder / "site"
    options = ("--catalog", catalog, "--only", MODEL, "--effort", "fast", "--no-precompressed")
    result = run_build(*options, "--out", site, "--cache", cache)
    assert result.returncode == 0, result.stderr
    return site, load_catalog(catalog, [MODEL])[0]


def compare(
    page: Page, host: Host, spec: ModelSpec, corpus: list[CorpusFile], folder: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """By file name: tensors that differ from Pillow's, and the loader's reasons for inexact ones."""
    for file in corpus:
        path = folder / file.name
        path.write_bytes(file.content)
        host.extras[f"corpus/{file.name}"] = path
    open_harness(page, host)
    found = page.evaluate("args => probe.tensors(...args)", [MODEL, list(host.extras)])
    expected = {file.name: pillows(file.content, spec.preprocessing) for file in corpus}
    results = {name: found[f"corpus/{name}"] for name in expected}
    differing = {
        name: result["tensor"] for name, result in results.items() if result["tensor"] != expected[name]
    }
    said = {name: result["inexact"] for name, result in results.items() if result["inexact"]}
    return differing, said


@pytest.mark.parametrize("step", [8, 1], ids=["every eighth", "all"])
def test_every_file_gives_pillows_tensor(
    page: Page,
    small_site: Path,
    host_of: Hosting,
    catalog: dict[str, ModelSpec],
    corpus: list[CorpusFile],
    tmp_path: Path,
    step: int,
) -> None:
    spec = catalog[MODEL]
    special = [file for file in corpus if file.kind == NOT_OF_THE_WEB or file.name in (*INEXACT, *RARE)]
    files = special + [file for file in corpus if file not in special][::step]
    assert [pillows(file.content, spec.preprocessing) for file in files].count(REFUSED) >= (
        5 if step == 1 else 2
    )
    differing, said = compare(page, host_of(small_site), spec, files, tmp_path)
    # Formats that browsers do not read are refused.
    refused = {file.name for file in special if file.kind == NOT_OF_THE_WEB}
    assert {name for name, tensor in differing.items() if tensor == REFUSED} == refused
    # The loader reports exactly these files as inexact.
    assert sorted(said) == sorted(differing.keys() - refused) == INEXACT, differing
    assert all("more than 8 bits" in said[name] or "CMYK" in said[name] for name in INEXACT)


def test_orientation_is_ignored_where_the_manifest_says_so(
    page: Page,
    stored_site: tuple[Path, ModelSpec],
    host_of: Hosting,
    catalog: dict[str, ModelSpec],
    corpus: list[CorpusFile],
    tmp_path: Path,
) -> None:
    site, spec = stored_site
    turned = [file for file in corpus if "exif" in file.name]
    upright = catalog[MODEL].preprocessing
    moved = [
        file for file in turned if pillows(file.content, spec.preprocessing) != pillows(file.content, upright)
    ]
    assert len(moved) >= 20, "the orientation shows in the tensor, so that a loader that ignores it fails"
    differing, said = compare(page, host_of(site), spec, turned, tmp_path)
    assert differing == {}
    assert said == {}


def test_damaged_files_give_pixels_or_a_decode_error(
    page: Page, small_site: Path, host_of: Hosting, corpus: list[CorpusFile], tmp_path: Path
) -> None:
    """No other exception may occur, whatever the bytes."""
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

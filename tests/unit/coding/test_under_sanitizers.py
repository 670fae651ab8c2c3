"""The decoder accesses nothing but its buffers, whatever it is given, and has no undefined behaviour."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.engine.native import FLAGS, SANITIZED
from tests.engine.plans.sanitized import run_sanitized

SOURCE = ROOT / "web/coder/decode.c"


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed, whose sanitizers look over the decoder here")
    library = tmp_path_factory.mktemp("decoder") / "decoder.so"
    subprocess.run(["gcc", *FLAGS, *SANITIZED, str(SOURCE), "-o", str(library)], check=True)
    return library


@pytest.mark.parametrize("count", [500, 60_000], ids=["a few", "many"])
def test_random_and_altered_parts(decoder: Path, count: int) -> None:
    outcome = run_sanitized("tests.unit.coding.fuzz", decoder, 1, count)
    assert outcome.returncode == 0, outcome.stderr
    assert "refused" in outcome.stdout

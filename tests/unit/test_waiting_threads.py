"""Threads of PyTorch and onnxruntime that wait for work yield: other work on the machine goes on."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from torch2web.verification import onnx_session

PRINTED = "import os, sys, torch2web; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
"""The variable is read when torch is imported, which the package must not have done before."""


@pytest.mark.parametrize(("given", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_openmp_unless_the_user_says_otherwise(given: str | None, expected: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    environment |= {"PYTHONPATH": str(ROOT / "converter"), **({"OMP_WAIT_POLICY": given} if given else {})}
    command = [sys.executable, "-c", PRINTED]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert result.stdout == f"{expected} False\n"


def test_onnxruntime() -> None:
    options = onnx_session._options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"

"""The engine accesses no memory but what it asked for, and has no undefined behaviour."""

from pathlib import Path

import pytest

from tests.engine.plans.sanitized import run_sanitized


def test_operators_networks_and_stored_weights(sanitized: Path) -> None:
    outcome = run_sanitized("tests.engine.plans.sanitized", sanitized)
    assert outcome.returncode == 0, outcome.stderr
    assert "stored weights" in outcome.stdout


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("mobilenet_emotion", "int8"),
        ("landmark_cnn_emotion", "int4_matrix"),
        ("efficientnet_emotion", "fp16"),
    ],
)
def test_model(sanitized: Path, model: str, encoding: str) -> None:
    outcome = run_sanitized("tests.engine.plans.sanitized_model", sanitized, model, encoding)
    assert outcome.returncode == 0, outcome.stderr
    assert f"{model} in {encoding}" in outcome.stdout

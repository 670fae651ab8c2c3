"""A model under the sanitizers: `python -m tests.engine.plans.sanitized_model LIBRARY MODEL ENCODING`."""

import sys
from ctypes import CDLL
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx

from tests.engine.plans.test_models import case_of, logits
from tests.engine.plans.test_stored_weights import stored_as
from tests.materials import images
from torch2web.catalog.load import load_catalog
from torch2web.plan import plan_model
from torch2web.variants.encodings import decode_all
from torch2web.verification.onnx_session import create_session_with, run_session

CATALOG = Path(__file__).parents[3] / "models.toml"


def main(library: CDLL, name: str, encoding: str) -> None:
    """Run one image: memory accesses are the same for every image."""
    spec = next(spec for spec in load_catalog(CATALOG) if spec.name == name)
    with TemporaryDirectory() as folder:
        _, reference, split = case_of(spec, Path(folder), images()[:1])
    tensors = stored_as(split, encoding)
    inputs = reference.inputs[:1]
    expected = run_session(create_session_with(split.graph, decode_all(tensors)), inputs)
    found = logits(library, plan_model(onnx.load_from_string(split.graph)), tensors, inputs, threads=2)
    assert np.abs(found - expected).max() <= spec.tolerance.atol
    print(f"{name} in {encoding}")


if __name__ == "__main__":
    main(CDLL(sys.argv[1]), sys.argv[2], sys.argv[3])

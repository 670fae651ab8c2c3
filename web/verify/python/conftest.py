"""One test for each variant of a model and reference image, and for each file of `models/`."""

import pytest

from .facts import CASES, FACTS, FILES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "picture" in metafunc.fixturenames:
        cases = [(model, picture) for model in CASES for picture in FACTS["pictures"]]
        metafunc.parametrize(("model", "picture"), cases, ids=["-".join(case) for case in cases])
    elif "model" in metafunc.fixturenames:
        metafunc.parametrize("model", CASES)
    elif "path" in metafunc.fixturenames:
        metafunc.parametrize("path", FILES)

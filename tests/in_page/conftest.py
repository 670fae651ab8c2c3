"""One test for each model and reference image, and for each file of `models/`."""

import pytest

from .facts import FACTS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "picture" in metafunc.fixturenames:
        cases = [(model, picture) for model in FACTS["logits"] for picture in FACTS["pictures"]]
        metafunc.parametrize(("model", "picture"), cases, ids=["-".join(case) for case in cases])
    elif "model" in metafunc.fixturenames:
        metafunc.parametrize("model", list(FACTS["logits"]))
    elif "path" in metafunc.fixturenames:
        metafunc.parametrize("path", list(FACTS["files"]))

"""The kernels compiled for this machine."""

from ctypes import CDLL

import pytest

from tests.engine.kernels.calls import Kernels


@pytest.fixture(scope="session")
def kernels(library: CDLL) -> Kernels:
    return Kernels(library)

"""A module with the class whose use is recorded."""

import sys
import types
from collections.abc import Iterator

import pytest

from tests.unit.sources.hostile.canary import AUDITED, TOUCHED, Canary


@pytest.fixture(autouse=True)
def _canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    module = types.ModuleType("canary")
    module.Canary = Canary  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "canary", module)
    TOUCHED.clear()
    AUDITED.clear()
    yield
    assert TOUCHED == []

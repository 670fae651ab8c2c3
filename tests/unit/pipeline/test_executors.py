"""Which executor converts the models of a build."""

from pathlib import Path

import pytest

from torch2web.pipeline.conversions import Conversions, ConversionSettings
from torch2web.pipeline.executors import Machines, open_executor
from torch2web.pipeline.executors.choose import default_jobs
from torch2web.site.manifest import Backends


@pytest.mark.parametrize(
    ("jobs", "cores", "models", "expected"),
    [
        (None, 8, 3, "Processes"),
        (None, 8, 1, "InThisProcess"),
        (None, 1, 3, "InThisProcess"),
        (1, 8, 3, "InThisProcess"),
        (2, 1, 3, "Processes"),
    ],
)
def test_one_process_for_each_core_unless_told(
    monkeypatch: pytest.MonkeyPatch,
    cache: Path,
    jobs: int | None,
    cores: int,
    models: int,
    expected: str,
) -> None:
    monkeypatch.setattr("torch2web.pipeline.executors.choose.usable_cores", lambda: cores)
    monkeypatch.setattr("torch2web.pipeline.executors.choose.default_jobs", default_jobs)
    settings = ConversionSettings(cache=cache, backends=Backends.BOTH, allow_dead=False, faces=False)
    conversions = Conversions.create(settings)
    with open_executor(Machines(jobs), settings, conversions, models) as executor:
        assert type(executor).__name__ == expected


def test_no_more_than_a_desktop_has_memory_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch2web.pipeline.executors.choose.usable_cores", lambda: 64)
    assert default_jobs() == 4

"""Conversions in several processes: the same bytes, memory that is kept to, and processes that die."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, tree
from tests.tiny_network import write_many
from torch2web.catalog import load_catalog
from torch2web.errors import Torch2WebError, WorkerError
from torch2web.pipeline.conversions import Conversions, ConversionSettings, Converted
from torch2web.pipeline.executors import Task, Work, memory
from torch2web.pipeline.executors.processes import Processes
from torch2web.site.manifest import Backends

FAST = ["--effort", "fast", "--no-precompressed", "--no-verify-page", "--no-docs"]


def command(folder: Path, site: str, *options: str) -> list[str]:
    out = ["--out", str(folder / site), "--cache", str(folder / "cache")]
    catalog = ["--catalog", str(folder / "many.toml")]
    return [sys.executable, "-u", "build.py", *catalog, *FAST, *out, *options]


def test_killed_build_goes_on_where_it_was(tmp_path: Path) -> None:
    """With the bytes of a single process."""
    write_many(tmp_path, 4)
    children: list[int] = []
    jobs = command(tmp_path, "site", "--jobs", "2")
    with subprocess.Popen(jobs, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        while "converted, 2 of 4" not in (line := process.stdout.readline()):
            assert line, "it ended"
            children = children or children_of(process.pid)
        process.kill()
    assert not (tmp_path / "site").exists()
    assert len(children) >= 2
    for _ in range(600):  # its processes notice
        if not any(Path(f"/proc/{child}/cmdline").exists() for child in children):
            break
        time.sleep(0.1)
    else:
        pytest.fail("processes outlive the build")
    again = subprocess.run(jobs, capture_output=True, text=True, cwd=ROOT, check=False)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("kept") >= 2
    assert [path for path in (tmp_path / "cache/models").iterdir() if path.name.startswith(".")] == []
    whole = command(tmp_path, "whole")
    whole[whole.index(str(tmp_path / "cache"))] = str(tmp_path / "other")
    subprocess.run(whole, capture_output=True, cwd=ROOT, check=True)
    assert tree(tmp_path / "site") == tree(tmp_path / "whole")


def children_of(parent: int) -> list[int]:
    """Ids of the running children, Python's resource tracker among them."""
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConversionSettings:
    monkeypatch.setenv("TORCH2WEB_TEST_MARKER", str(tmp_path / "marker"))
    monkeypatch.setenv("TORCH2WEB_TEST_PARENT", str(os.getpid()))
    return ConversionSettings(tmp_path / "cache", Backends.BOTH, allow_dead=False, faces=False)


def outcomes(
    settings: ConversionSettings, tasks: list[Task], limit: int | None = None
) -> Iterator[tuple[str, Converted | Torch2WebError | None]]:
    with Processes(settings, Conversions.create(settings), 2, limit) as processes:
        for task, outcome in processes.run(Work.CONVERT, tasks, lambda *_: None):
            yield task.spec.name, outcome


def tasks_of(folder: Path, *factories: str) -> list[Task]:
    """A tiny network for each of `factories`, functions of this module."""
    write_many(folder, len(factories))
    path = folder / "many.toml"
    first, *entries = path.read_text().split("[[models]]")
    for number, factory in enumerate(factories):
        entries[number] = entries[number].replace("tests.tiny_network:relu_network", factory)
    path.write_text("[[models]]".join([first, *entries]))
    return [Task(index, spec, folder / spec.checkpoint) for index, spec in enumerate(load_catalog(path))]


def test_a_process_that_dies_is_replaced(settings: ConversionSettings, tmp_path: Path) -> None:
    here = "tests.dying_networks"
    tasks = tasks_of(tmp_path, f"{here}:dies_once", f"{here}:dies", "tests.tiny_network:relu_network")
    found = dict(outcomes(settings, tasks))
    assert isinstance(found["m0"], Converted)
    assert isinstance(found["m2"], Converted)
    assert isinstance(found["m1"], WorkerError)
    assert "m1: the process that converted it was stopped twice by signal 9 (the system does that" in str(
        found["m1"]
    )
    assert [path.name for path in (tmp_path / "cache/models").glob(".*")] == []


def test_a_model_that_does_not_fit_waits(
    settings: ConversionSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process is needed: which models may run beside which."""
    tasks = tasks_of(tmp_path, *["tests.tiny_network:relu_network"] * 3)
    sizes = {0: 6, 1: 5, 2: 4}
    monkeypatch.setattr(
        "torch2web.pipeline.executors.processes.needed_memory", lambda task: sizes[task.index]
    )
    processes = Processes(settings, Conversions.create(settings), 2, 9)
    large, middle, small = tasks
    assert processes._fits(middle, [small], set())
    assert not processes._fits(large, [small], set())
    assert processes._fits(large, [], set()), "alone, whatever it takes"
    sizes[0] = 100
    assert processes._fits(large, [], set())
    assert not processes._fits(middle, [small], {middle.index}), "tried again: alone"
    assert not processes._fits(middle, [small], {small.index})


def test_weights_count_wherever_they_are(tmp_path: Path) -> None:
    """Those of the demo too, which have no checkpoint."""
    (task,) = tasks_of(tmp_path, "tests.tiny_network:relu_network")
    size = (tmp_path / "m0.pth").stat().st_size
    assert memory.needed_memory(task) == memory.BASE + memory.TIMES_WEIGHTS * size
    (landmark,) = load_catalog(ROOT / "models.toml", ["landmark_cnn_emotion"])
    assert memory.needed_memory(Task(0, landmark, None)) > 2309 * 2**20, "measured"


def test_memory_of_a_control_group(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")
    assert memory._of_the_group(tmp_path) == 600
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._of_the_group(tmp_path) is None
    assert memory._of_the_group(tmp_path / "none") is None
    assert (memory.available_memory() or 0) > 2**20

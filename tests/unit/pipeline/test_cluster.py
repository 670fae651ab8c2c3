"""Conversions on a Dask cluster of processes on this machine."""

import os
import signal
import subprocess
import sys
import time
from ast import literal_eval
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dask import config
from distributed import LocalCluster

from tests.conftest import tree
from tests.patience import PATIENCE
from tests.tiny_network import write_many
from tests.unit.docs.snippets import documented
from tests.unit.pipeline.test_processes import FAST, tasks_of
from torch2web.cli import main
from torch2web.errors import ClusterError, WorkerError
from torch2web.pipeline.conversions import Conversions, ConversionSettings, Converted
from torch2web.pipeline.executors import Work
from torch2web.pipeline.executors.cluster import Cluster, open_cluster
from torch2web.pipeline.executors.memory import BASE
from torch2web.site.manifest import Backends

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")

PLENTY = 64 * BASE


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers, each a process with memory for any model, started anew each time it is killed."""
    config.set({"distributed.scheduler.allowed-failures": 1, "distributed.deploy.lost-worker-timeout": "24h"})
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
        memory_limit=0,
        resources={"memory": PLENTY},
        worker_dashboard_address=None,
    ) as cluster:
        yield cluster


@contextmanager
def opened_on(cluster: Any, folder: Path) -> Iterator[Cluster]:
    """A client of both workers: one that an earlier test killed is started anew, and has its memory again."""
    settings = settings_of(folder)
    with open_cluster(cluster.scheduler_address, 2, None, settings, Conversions.create(settings)) as opened:
        opened._client.wait_for_workers(2, timeout=PATIENCE)
        opened._client.run(set_memory, PLENTY)
        yield opened


def build(folder: Path, site: str, *options: str) -> int:
    out = ["--out", str(folder / site), "--cache", str(folder / f"cache of {site}")]
    return main(["build", "--catalog", str(folder / "many.toml"), *FAST, *out, *options])


def settings_of(folder: Path) -> ConversionSettings:
    return ConversionSettings(folder / "cache", Backends.BOTH, allow_dead=False, faces=False)


def test_the_same_bytes_though_a_worker_dies(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_many(tmp_path, 3)
    killed: list[int] = []

    class Killing:
        """Ends the process of a worker by its id when the first conversion has begun."""

        def __init__(self, progress: Any) -> None:
            self.progress = progress

        def __call__(self, text: str, *rest: Any) -> None:
            if text.endswith("running PyTorch") and not killed:
                worker = next(iter(cluster.workers.values()))
                killed.append(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)
            self.progress(text, *rest)

    from torch2web.pipeline import all_models

    def overall(progress: Any, *rest: Any) -> Any:
        return all_models.Overall(Killing(progress), *rest)

    monkeypatch.setattr("torch2web.pipeline.compose.Overall", overall)
    assert build(tmp_path, "cluster", "--dask", cluster.scheduler_address) == 0
    monkeypatch.undo()
    assert len(killed) == 1
    assert "m2: converted, 3 of 3" in capsys.readouterr().out.replace("m0:", "m2:").replace("m1:", "m2:")
    assert build(tmp_path, "alone") == 0
    assert tree(tmp_path / "cluster") == tree(tmp_path / "alone")


def test_workers_of_this_machine_keep_freed_memory_are_not_profiled_and_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A cluster with Dask's own settings, as the other tests', leaves them in the environment.
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)

    def settings() -> tuple[str | None, bool]:
        return os.environ.get("MALLOC_TRIM_THRESHOLD_"), config.get("distributed.worker.profile.enabled")

    conversions = settings_of(tmp_path)
    with (
        config.set({"distributed.deploy.lost-worker-timeout": 0.1}),  # less than any start takes
        open_cluster("local", 1, None, conversions, Conversions.create(conversions)) as opened,
    ):
        assert list(opened._client.run(settings).values()) == [(None, False)]
        kill(opened, next(iter(opened._workers())))
        opened._client.wait_for_workers(1, timeout=PATIENCE)


def test_other_workers_do_so_by_the_documented_file(tmp_path: Path) -> None:
    (tmp_path / "torch2web.yaml").write_text(documented("docs/many_models.md", "pre-spawn-environ"))
    code = (
        "import distributed; from dask.config import get; print([get('distributed.worker.profile.enabled'), "
        "get('distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_')])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"DASK_CONFIG": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert literal_eval(printed) == [False, 2**27]


def test_a_model_whose_workers_all_die_fails_alone(cluster: Any, tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, "tests.dying_networks:dies", "tests.tiny_network:relu_network")
    with opened_on(cluster, tmp_path) as opened:
        found = {task.index: outcome for task, outcome in opened.run(Work.CONVERT, tasks, lambda *_: None)}
    assert isinstance(found[0], WorkerError)
    assert isinstance(found[1], Converted)


def test_a_worker_with_too_little_memory_gets_no_model(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = tasks_of(tmp_path, *["tests.tiny_network:relu_network"] * 3)
    with opened_on(cluster, tmp_path) as opened:
        small = next(iter(opened._workers()))
        opened._client.run(set_memory, BASE // 2, workers=[small])
        for task, outcome in opened.run(Work.LOOK, tasks, lambda *_: None):
            assert outcome is None, task
        ran = opened._client.run(looked)
        assert ran.pop(small) == 0
        assert sum(ran.values()) > 0
        monkeypatch.setattr("torch2web.pipeline.executors.cluster.needed_memory", lambda _: 2 * PLENTY)
        with pytest.raises(ClusterError, match=r"m0 may need .* GiB, and the largest worker has"):
            list(opened.run(Work.LOOK, tasks, lambda *_: None))


def test_the_only_worker_of_its_size_is_waited_for_after_it_died(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch2web.pipeline.executors.cluster._WAIT", PATIENCE)
    tasks = tasks_of(tmp_path, "tests.tiny_network:relu_network")
    with opened_on(cluster, tmp_path) as opened:
        small, large = opened._workers()
        opened._client.run(set_memory, BASE // 2, workers=[small])
        ((_, outcome),) = opened.run(Work.LOOK, tasks, lambda *_: None)
        assert outcome is None
        kill(opened, large)
        ((_, outcome),) = opened.run(Work.LOOK, tasks, lambda *_: None)
        assert outcome is None


def test_a_scheduler_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch2web.pipeline.executors.cluster._WAIT", 1)
    settings = settings_of(tmp_path)
    with (
        pytest.raises(ClusterError, match=r"--dask tcp://127\.0\.0\.1:9: no scheduler answers there"),
        open_cluster("tcp://127.0.0.1:9", 2, None, settings, Conversions.create(settings)),
    ):
        pass


def test_a_worker_with_another_version_is_named(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = tasks_of(tmp_path, "tests.tiny_network:relu_network")
    monkeypatch.setattr("torch2web.pipeline.keys.code_fingerprint.version", lambda _: "0.0")
    with opened_on(cluster, tmp_path) as opened:
        ((_, outcome),) = opened.run(Work.LOOK, tasks, lambda *_: None)
    assert isinstance(outcome, ClusterError)
    assert "is not like this machine: packages.numpy: found" in str(outcome)


async def set_memory(memory: int, dask_worker: Any) -> None:
    """Runs on a worker: it has so many bytes for models from now on."""
    await dask_worker.set_resources(memory=memory)


def kill(opened: Cluster, worker: str) -> None:
    """End the process of a worker by its id; returns when the scheduler knows it."""
    os.kill(opened._client.run(process_id, workers=[worker])[worker], signal.SIGKILL)
    while worker in opened._workers():
        time.sleep(0.01)


def process_id(dask_worker: Any) -> int:
    """Runs on a worker."""
    return os.getpid()


def looked(dask_worker: Any) -> int:
    """Runs on a worker: the number of tasks that it has begun."""
    return sum(
        "torch2web-look" in str(entry) and "executing" in str(entry) for entry in dask_worker.state.log
    )

"""Models converted on a Dask cluster: each a task, whose checkpoint and result travel with it."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from torch2web.errors import ClusterError, MissingExtraError, WorkerError
from torch2web.pipeline.conversions import Conversions, ConversionSettings, Converted
from torch2web.pipeline.executors.cluster_task import STAGES, ClusterTask, SentFiles, perform_on_worker
from torch2web.pipeline.executors.memory import available_memory, needed_memory
from torch2web.pipeline.executors.task import OnStage, Outcome, Task, Work
from torch2web.pipeline.network_files import external_files

LOCAL = "local"
"""Address of a cluster that is started on this machine."""

_WAIT = 30
"""Seconds to wait for the scheduler, for its first worker, and for one that died to come back."""
_POLL = 0.2
"""Seconds between two looks at the workers."""
_WORKER_SETTINGS: dict[str, object] = {
    "distributed.nanny.pre-spawn-environ": {},
    "distributed.worker.profile.enabled": False,
    "distributed.deploy.lost-worker-timeout": "24h",
}
"""Of workers on this machine, which then have the environment of this process. By Dask's own settings freed
memory is returned to the system at once and stacks are sampled 100 times a second: half as slow again. And a
worker that is not there 15 seconds after it died is given up: one that starts slowly, or has died again."""
_RETRIES = 2
"""Runs more after an exception that is no finding about the model, such as of a full disk. Dask itself counts
workers that die: `distributed.scheduler.allowed-failures`."""


@contextmanager
def open_cluster(
    address: str, jobs: int, memory: int | None, settings: ConversionSettings, conversions: Conversions
) -> Iterator["Cluster"]:
    """Connect to the scheduler at `address`, or start a cluster of `jobs` workers for `local`.

    Raises ClusterError and MissingExtraError.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise MissingExtraError("--dask", "dask") from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is raised
    with ExitStack() as stack:
        target: Any = address
        if address == LOCAL:
            target = stack.enter_context(_local_cluster(jobs, memory))
        try:
            client = stack.enter_context(Client(target, timeout=_WAIT, set_as_default=False))
        except (OSError, ValueError, ImportError) as error:
            problem = f"no scheduler answers there: {error or type(error).__name__}"
            raise ClusterError(address, f"{problem}; `dask scheduler` prints its address") from error
        try:
            client.wait_for_workers(1, timeout=_WAIT)
        except TimeoutError as error:
            problem = f"its scheduler has no worker after {_WAIT} s; start one: dask worker {address}"
            raise ClusterError(address, problem) from error
        yield Cluster(client, address, settings, conversions)


@contextmanager
def _local_cluster(jobs: int, memory: int | None) -> Iterator[Any]:
    """`jobs` workers on this machine, with equal shares of `memory` (bytes; None: what is available)."""
    import dask
    from distributed import LocalCluster

    total = memory or available_memory()
    with (
        dask.config.set(_WORKER_SETTINGS),
        LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port: another cluster may have the usual one
            resources={"memory": total // jobs} if total else {},
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster


class Cluster:
    """A connected client. At most two tasks for each worker are under way: checkpoints travel with them."""

    def __init__(
        self, client: Any, address: str, settings: ConversionSettings, conversions: Conversions
    ) -> None:
        self._client, self._address = client, address
        self._settings, self._conversions = settings, conversions
        self._most_memory = 0.0

    def run(self, work: Work, tasks: Sequence[Task], on_stage: OnStage) -> Iterator[tuple[Task, Outcome]]:
        """Outcomes as they come. Raises ClusterError."""
        from distributed import as_completed

        waiting = list(reversed(tasks))
        active: dict[str, Task] = {}
        self._listen(on_stage)
        threads = _threads()
        futures = as_completed(loop=self._client.loop)
        try:
            while waiting or active:
                while waiting and len(active) < max(2, 2 * len(self._workers())):
                    task = waiting.pop()
                    future = self._submit(work, task, threads)
                    active[future.key] = task
                    futures.add(future)
                future = next(futures)
                task = active.pop(future.key)
                yield task, self._outcome(task, future)
                future.release()
        finally:
            self._client.cancel(list(futures.futures), force=True)
            self._client.unsubscribe_topic(STAGES)

    def _submit(self, work: Work, task: Task, threads: int) -> Any:
        inputs = self._conversions.inputs(
            task.spec,
            task.checkpoint,
            self._conversions.weights_of(task.spec, task.checkpoint),
            planned=self._settings.backends.with_engine,
        )
        key = self._conversions.entry(task.spec, task.checkpoint).folder.name
        sent = ClusterTask(work, task.index, task.spec, _files(task), self._settings, inputs, threads)
        needed = needed_memory(task)
        return self._client.submit(
            perform_on_worker,
            sent,
            key=f"torch2web-{work}-{key}",
            retries=_RETRIES,
            **self._placement(task, needed),
        )

    def _placement(self, task: Task, needed: int) -> dict[str, Any]:
        """Where the task may run: by the resource `memory` of the workers, else by their memory limits."""
        workers = self._workers_with(task, needed)
        if _declares_memory(workers):
            return {"resources": {"memory": needed}}
        large = [name for name, worker in workers.items() if _memory_of(worker) >= needed]
        # A worker that is started anew has another address: none of these may be left.
        return {} if len(large) == len(workers) else {"workers": large, "allow_other_workers": True}

    def _workers_with(self, task: Task, needed: int) -> Mapping[str, Any]:
        """The workers, one of them with the memory needed. Where the only one of that size died a moment
        ago, its nanny starts it anew, which is waited for. Raises ClusterError."""
        deadline = time.monotonic() + _WAIT
        while True:
            workers = self._workers()
            declared = _declares_memory(workers)
            found = [_memory_of(worker, declared=declared) for worker in workers.values()]
            largest = max(found, default=0)
            self._most_memory = max(self._most_memory, largest)
            if needed <= largest:
                return workers
            if needed > self._most_memory or time.monotonic() > deadline:
                problem = (
                    f"{task.spec.name} may need {needed / 2**30:.1f} GiB, and the largest worker has "
                    f"{largest / 2**30:.1f} GiB; start one with --resources memory={needed}"
                )
                raise ClusterError(self._address, problem)
            time.sleep(_POLL)

    def _outcome(self, task: Task, future: Any) -> Outcome:
        from distributed import KilledWorker

        try:
            outcome: Outcome | SentFiles = future.result()
        except KilledWorker as error:
            problem = "ended with its worker, each time it was tried on another one"
            return WorkerError(task.spec.name, f"{problem}: {error.last_worker.address}")
        except OSError as error:
            raise ClusterError(self._address, f"{task.spec.name}: {error}") from error
        return self._received(task, outcome) if isinstance(outcome, SentFiles) else outcome

    def _received(self, task: Task, sent: SentFiles) -> Converted:
        """Store the files of a conversion in the cache, which verifies them."""
        conversions = self._conversions
        entry = conversions.entry(task.spec, task.checkpoint)
        work = conversions.cache.begin(entry)
        try:
            for path, content in sent.files.items():
                target = work.folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            cached = conversions.cache.store(work, entry, sent.record)
        finally:
            conversions.cache.discard(work)
        weights = conversions.weights_of(task.spec, task.checkpoint)
        return conversions.require_runnable(Converted(task.spec, weights, cached, sent.seconds))

    def _workers(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return found

    def _listen(self, on_stage: OnStage) -> None:
        """Report the stages of the workers; events come in a thread of the client."""
        lock = Lock()

        def handle(event: tuple[float, Any]) -> None:
            with lock:
                on_stage(*event[1])

        self._client.subscribe_topic(STAGES, handle)


def _declares_memory(workers: Mapping[str, Any]) -> bool:
    return any("memory" in worker["resources"] for worker in workers.values())


def _memory_of(worker: Mapping[str, Any], *, declared: bool = False) -> float:
    """Bytes that a worker has for tasks: its resource `memory` where any has one, else its limit."""
    if declared:
        return float(worker["resources"].get("memory") or 0)
    return float(worker["memory_limit"] or "inf")


def _files(task: Task) -> Mapping[str, bytes]:
    """The files of a checkpoint by name, its own first; none of demo weights and those at URLs."""
    if task.checkpoint is None or task.spec.is_remote:
        return {}
    paths: dict[str, Path] = {task.checkpoint.name: task.checkpoint}
    paths.update(external_files(task.checkpoint))
    return {name: path.read_bytes() for name, path in paths.items()}


def _threads() -> int:
    """PyTorch's number of threads here: the last digits of sums depend on it."""
    import torch

    return torch.get_num_threads()

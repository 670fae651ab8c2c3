"""Chooses the executor that the options of a build ask for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch2web.pipeline.conversions import Conversions, ConversionSettings
from torch2web.pipeline.executors.memory import available_memory
from torch2web.pipeline.executors.serial import InThisProcess
from torch2web.pipeline.executors.task import Executor
from torch2web.store import usable_cores

MAX_DEFAULT_JOBS = 4
"""Of a build that names no number: more would take the memory that a desktop needs for other things."""


@dataclass(frozen=True)
class Machines:
    """Where models are converted."""

    jobs: int | None = 1
    """Processes of this machine; None: one for each core; without `dask` at most MAX_DEFAULT_JOBS."""
    memory: int | None = None
    """Bytes that they may take together; None: what is available."""
    dask: str = ""
    """Address of a Dask scheduler, `local` for a cluster on this machine; empty: none."""


def default_jobs() -> int:
    """Processes of this machine for a build that names no number: most of a conversion runs on one core."""
    return min(MAX_DEFAULT_JOBS, usable_cores())


@contextmanager
def open_executor(
    machines: Machines, settings: ConversionSettings, conversions: Conversions, models: int
) -> Iterator[Executor]:
    """The executor for `models` new models. Raises ClusterError and MissingExtraError."""
    if machines.dask:
        from torch2web.pipeline.executors.cluster import open_cluster

        jobs = machines.jobs or usable_cores()
        with open_cluster(
            machines.dask, min(jobs, models), machines.memory, settings, conversions
        ) as cluster:
            yield cluster
        return
    jobs = min(machines.jobs or default_jobs(), models)
    if jobs == 1:
        yield InThisProcess(conversions)
    else:
        from torch2web.pipeline.executors.processes import Processes

        memory = machines.memory or available_memory()
        with Processes(settings, conversions, jobs, memory) as processes:
            yield processes

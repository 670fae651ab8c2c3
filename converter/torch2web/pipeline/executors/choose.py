"""Chooses the executor that the options of a build ask for."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch2web.pipeline.conversions import Conversions, ConversionSettings
from torch2web.pipeline.executors.memory import available_memory
from torch2web.pipeline.executors.serial import InThisProcess
from torch2web.pipeline.executors.task import Executor

MAX_DEFAULT_JOBS = 4
"""Of a build that names no number: more would take the memory that a desktop needs for other things."""


@dataclass(frozen=True)
class Machines:
    """Where models are converted."""

    jobs: int = 1
    """Processes of this machine; 0: as many as it has cores."""
    memory: int | None = None
    """Bytes that they may take together; None: what is available."""
    dask: str = ""
    """Address of a Dask scheduler, `local` for a cluster on this machine; empty: none."""


def default_jobs() -> int:
    """Processes of a build that says nothing about them: most of a conversion runs on one core."""
    return min(MAX_DEFAULT_JOBS, _cores())


def _cores() -> int:
    """Cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def open_executor(
    machines: Machines, settings: ConversionSettings, conversions: Conversions, models: int
) -> Iterator[Executor]:
    """The executor for `models` new models. Raises ClusterError and MissingExtraError."""
    if machines.dask:
        from torch2web.pipeline.executors.cluster import open_cluster

        jobs = min(machines.jobs or _cores(), models)
        with open_cluster(machines.dask, jobs, machines.memory, settings, conversions) as cluster:
            yield cluster
    elif machines.jobs == 1 or models == 1:
        yield InThisProcess(conversions)
    else:
        from torch2web.pipeline.executors.processes import Processes

        memory = machines.memory or available_memory()
        jobs = min(machines.jobs or _cores(), models)
        with Processes(settings, conversions, jobs, memory) as processes:
            yield processes

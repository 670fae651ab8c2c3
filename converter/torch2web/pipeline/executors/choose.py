"""Chooses the executor that the options of a build ask for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch2web.pipeline.conversions import Conversions, ConversionSettings
from torch2web.pipeline.executors.memory import available_memory
from torch2web.pipeline.executors.serial import InThisProcess
from torch2web.pipeline.executors.task import Executor


@dataclass(frozen=True)
class Machines:
    """Where models are converted."""

    jobs: int = 1
    """Processes of this machine."""
    memory: int | None = None
    """Bytes that they may take together; None: what is available."""
    dask: str = ""
    """Address of a Dask scheduler, `local` for a cluster on this machine; empty: none."""


@contextmanager
def open_executor(
    machines: Machines, settings: ConversionSettings, conversions: Conversions, models: int
) -> Iterator[Executor]:
    """The executor for `models` new models. Raises ClusterError and MissingExtraError."""
    if machines.dask:
        from torch2web.pipeline.executors.cluster import open_cluster

        jobs = machines.jobs if machines.jobs > 1 else os.cpu_count() or 1
        with open_cluster(
            machines.dask, min(jobs, models), machines.memory, settings, conversions
        ) as cluster:
            yield cluster
    elif machines.jobs == 1 or models == 1:
        yield InThisProcess(conversions)
    else:
        from torch2web.pipeline.executors.processes import Processes

        memory = machines.memory or available_memory()
        with Processes(settings, conversions, min(machines.jobs, models), memory) as processes:
            yield processes

"""What a worker of a Dask cluster does for one model."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from torch2web.catalog import ModelSpec
from torch2web.errors import ClusterError, Torch2WebError
from torch2web.pipeline.conversions import Conversions, ConversionSettings, Converted
from torch2web.pipeline.executors.task import Outcome, Task, Work, perform
from torch2web.pipeline.remote_checkpoints import kept_path

STAGES = "torch2web-stages"
"""Topic of the events that report stages."""

_ONE_AT_A_TIME = Lock()
"""PyTorch's default dtype and warnings are of the whole process, and a conversion sets both."""


@dataclass(frozen=True)
class ClusterTask:
    """A task with all that a worker needs for it."""

    work: Work
    index: int
    spec: ModelSpec
    files: Mapping[str, bytes]
    """Of the checkpoint, by name, its own first; none of demo weights and of those at a URL."""
    settings: ConversionSettings
    """`cache` is replaced by a folder of the worker."""
    inputs: Mapping[str, Any]
    """What the conversion depends on, as the client found it: the worker must find the same."""
    threads: int
    """Of PyTorch."""


@dataclass(frozen=True)
class SentFiles:
    """A conversion on its way to the client."""

    record: dict[str, Any]
    files: Mapping[str, bytes]
    """By path."""
    seconds: float


def perform_on_worker(sent: ClusterTask) -> Outcome | SentFiles:
    """Do the work; errors of the model are returned, as what is raised is tried again elsewhere."""
    from distributed import get_worker

    worker = get_worker()

    def on_stage(stage: str, done: int = 0, total: int = 0) -> None:
        worker.log_event(STAGES, (sent.index, stage, done, total))

    folder: Path = Path(worker.local_directory) / "torch2web"
    with _ONE_AT_A_TIME:
        import torch

        torch.set_num_threads(sent.threads)
        try:
            conversions = _conversions(replace(sent.settings, cache=folder))
            checkpoint = _checkpoint(sent, folder)
            _require_same(conversions, sent, checkpoint, worker.address)
        except Torch2WebError as error:
            return error
        task = Task(sent.index, sent.spec, checkpoint)
        try:
            outcome = perform(conversions, sent.work, task, on_stage)
            return _packed(outcome) if isinstance(outcome, Converted) else outcome
        finally:
            if sent.files and checkpoint:
                shutil.rmtree(checkpoint.parent, ignore_errors=True)


def _conversions(settings: ConversionSettings) -> Conversions:
    """Created once, unless there are pictures that may change while this process lives."""
    return Conversions.create(settings) if settings.images else _kept_conversions(settings)


@cache
def _kept_conversions(settings: ConversionSettings) -> Conversions:
    return Conversions.create(settings)


def _checkpoint(sent: ClusterTask, folder: Path) -> Path | None:
    """The file of the checkpoint on this worker; None for demo weights."""
    if sent.spec.is_remote:
        return kept_path(sent.spec, folder)
    if not sent.files:
        return None
    paths: list[Path] = [folder / "sent" / sent.inputs["weights"] / name for name in sent.files]
    for path, content in zip(paths, sent.files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return paths[0]


def _require_same(conversions: Conversions, sent: ClusterTask, checkpoint: Path | None, address: str) -> None:
    """Raise ClusterError where code, packages or pictures of this worker differ from the client's."""
    weights = conversions.weights_of(sent.spec, checkpoint)
    planned = sent.settings.backends.with_engine
    found = conversions.inputs(sent.spec, checkpoint, weights, planned=planned)
    different = [
        f"{key}: found {here}, expected {there}" for key, here, there in _differences(found, sent.inputs)
    ]
    if different:
        problem = f"the worker {address} is not like this machine: {'; '.join(different[:5])}"
        raise ClusterError(address, f"{problem}; install the same versions on both")


def _differences(found: Any, expected: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        for name in sorted({*found, *expected}):
            yield from _differences(found.get(name), expected.get(name), f"{key}.{name}" if key else name)
    elif found != expected:
        yield key, found, expected


def _packed(converted: Converted) -> SentFiles:
    """The files of a conversion, which is not kept here."""
    files = converted.conversion.files
    content = {path: files.read(path) for path in files.stamps}
    shutil.rmtree(files.folder, ignore_errors=True)
    return SentFiles(converted.conversion.record, content, converted.seconds or 0.0)

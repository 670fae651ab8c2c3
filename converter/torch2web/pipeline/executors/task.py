"""What executors are asked for, and what they answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from torch2web.catalog import ModelSpec
from torch2web.errors import Torch2WebError
from torch2web.pipeline.conversions import Conversions, Converted
from torch2web.progress import StageCallback
from torch2web.site import full_disk_explained


class Work(StrEnum):
    LOOK = "look"
    """Find what is wrong with a checkpoint before the first conversion."""
    CONVERT = "convert"


@dataclass(frozen=True)
class Task:
    """One model; `checkpoint` None stands for the demo weights."""

    index: int
    """In the build."""
    spec: ModelSpec
    checkpoint: Path | None


Outcome = Converted | Torch2WebError | None
"""None: looked at, and nothing was found."""

OnStage = Callable[[int, str, int, int], None]
"""Called with a task's index, the stage that it has reached, and the part of it that is done, of how many."""


class Executor(Protocol):
    """Errors of a model are outcomes; those of the machine or of this package are raised."""

    def run(self, work: Work, tasks: Sequence[Task], on_stage: OnStage) -> Iterator[tuple[Task, Outcome]]:
        """Outcomes in the order in which they come; what runs is stopped where the iterator is closed."""


def perform(conversions: Conversions, work: Work, task: Task, on_stage: StageCallback) -> Outcome:
    """Do the work in this process."""
    try:
        with full_disk_explained(conversions.cache.folder):
            if work == Work.CONVERT:
                return conversions.convert(task.spec, task.checkpoint, on_stage)
            conversions.look_at(task.spec, task.checkpoint, on_stage)
    except Torch2WebError as error:
        return error
    return None

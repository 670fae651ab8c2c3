"""One model after the other, in this process."""

from collections.abc import Iterator, Sequence
from functools import partial

from torch2web.pipeline.conversions import Conversions
from torch2web.pipeline.executors.task import OnStage, Outcome, Task, Work, perform


class InThisProcess:
    def __init__(self, conversions: Conversions) -> None:
        self._conversions = conversions

    def run(self, work: Work, tasks: Sequence[Task], on_stage: OnStage) -> Iterator[tuple[Task, Outcome]]:
        """Outcomes in the order of `tasks`."""
        for task in tasks:
            yield task, perform(self._conversions, work, task, partial(_report, on_stage, task.index))


def _report(on_stage: OnStage, index: int, stage: str, done: int = 0, total: int = 0) -> None:
    on_stage(index, stage, done, total)

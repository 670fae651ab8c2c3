"""Converts all models of a build: what is cached, then a look at every checkpoint, then the conversions."""

from collections.abc import Sequence
from typing import NoReturn

from torch2web.errors import (
    AssetsError,
    ClusterError,
    FailedModelsError,
    OutputError,
    OwnImagesError,
    Torch2WebError,
)
from torch2web.pipeline.checkpoints import ChosenModel
from torch2web.pipeline.conversions import Conversions, ConversionSettings, Converted
from torch2web.pipeline.executors import Executor, Machines, Task, Work, open_executor
from torch2web.progress import ProgressCallback

_OF_ALL = (AssetsError, ClusterError, OutputError, OwnImagesError)
"""Errors that are not of one model: they end the build with `--keep-going` too."""


class Overall:
    """Progress of all models: the sum of what is done of each."""

    def __init__(self, progress: ProgressCallback, models: int, steps: int) -> None:
        self._progress, self._steps = progress, steps
        self._done = [0.0] * models
        self._seen = [0] * models
        self._total = models * steps + 1

    def on_stage(self, index: int, text: str, part: int = 0, parts: int = 0) -> None:
        """A model has reached a stage; of a long one, `part` of `parts` is done."""
        if part:
            share = (self._seen[index] - 1 + part / parts) if parts else self._seen[index]
            self._show(index, share, text, f"{part} of {parts}")
            return
        self._show(index, self._seen[index], text)
        self._seen[index] += 1

    def finish(self, index: int, text: str = "") -> None:
        """A model is done; `text` is shown unless it is empty."""
        self._done[index] = self._steps
        if text:
            self._progress(text, sum(self._done), self._total)

    def last(self, text: str) -> None:
        self._progress(text, self._total - 1, self._total)

    def _show(self, index: int, done: float, text: str, detail: str = "") -> None:
        self._done[index] = min(done, self._steps)
        details = (detail,) if detail else ()
        self._progress(text, sum(self._done), self._total, *details)


class AllModels:
    """The models of a build, and the errors of those that failed."""

    def __init__(
        self, models: Sequence[ChosenModel], conversions: Conversions, overall: Overall, *, keep_going: bool
    ) -> None:
        self._models, self._conversions, self._overall = models, conversions, overall
        self._keep_going = keep_going
        self._errors: dict[int, Torch2WebError] = {}
        self._converted: dict[int, Converted] = {}

    @property
    def failures(self) -> dict[str, Torch2WebError]:
        """By name, in the order of the catalogue."""
        return {self._models[index][0].name: self._errors[index] for index in sorted(self._errors)}

    def convert(self, machines: Machines, settings: ConversionSettings) -> list[Converted]:
        """The models that did not fail, in the order of the catalogue.

        Raises the error of a model, or FailedModelsError for several; with `keep_going` only if all failed.
        """
        new = self._not_cached()
        self._raise_failures("no model was converted")
        if new:
            with open_executor(machines, settings, self._conversions, len(new)) as executor:
                if len(new) > 1:  # of a single one, the conversion looks at once
                    new = self._look(executor, new)
                    self._raise_failures("no model was converted")
                self._convert(executor, new)
        if len(self._errors) == len(self._models):
            self._raise("the existing output is unchanged")
        return [self._converted[index] for index in sorted(self._converted)]

    def _not_cached(self) -> list[Task]:
        new = []
        for index, (spec, checkpoint) in enumerate(self._models):
            try:
                found = self._conversions.cached(spec, checkpoint)
            except Torch2WebError as error:
                self._fail(index, error)
                continue
            if found is None:
                new.append(Task(index, spec, checkpoint))
            else:
                self._converted[index] = found
                self._overall.finish(index)
        return new

    def _look(self, executor: Executor, new: Sequence[Task]) -> list[Task]:
        """Those of `new` whose checkpoints are sound."""
        sound = []
        for task, outcome in executor.run(Work.LOOK, new, self._overall.on_stage):
            if isinstance(outcome, Torch2WebError):
                self._fail(task.index, outcome)
            else:
                sound.append(task)
        return sorted(sound, key=lambda task: task.index)

    def _convert(self, executor: Executor, new: Sequence[Task]) -> None:
        several = len(new) > 1
        outcomes = executor.run(Work.CONVERT, new, self._overall.on_stage)
        for done, (task, outcome) in enumerate(outcomes, 1):
            if isinstance(outcome, Torch2WebError):
                self._fail(task.index, outcome)
                self._raise_failures("the existing output is unchanged")
            else:
                assert outcome is not None
                self._converted[task.index] = outcome
            what = "failed" if task.index in self._errors else "converted"
            self._overall.finish(
                task.index, f"{task.spec.title}: {what}, {done} of {len(new)}" if several else ""
            )

    def _fail(self, index: int, error: Torch2WebError) -> None:
        if isinstance(error, _OF_ALL):
            raise error
        self._errors[index] = error
        self._overall.finish(index)

    def _raise_failures(self, outcome: str) -> None:
        if self._errors and not self._keep_going:
            self._raise(f"{outcome}; --keep-going builds the others")

    def _raise(self, outcome: str) -> NoReturn:
        errors = list(self._errors.values())
        if len(errors) == 1 and not (self._keep_going and len(self._models) > 1):
            raise errors[0]
        error = FailedModelsError(self.failures, len(self._models), outcome)
        if not self._keep_going:
            error.exit_code = max(each.exit_code for each in errors)
        raise error

"""How stages report progress."""

from typing import Protocol


class ProgressCallback(Protocol):
    """Called with the current step, the number of steps done, and their total.

    Of a long step also with `detail`, such as `128 of 3000`; `done` then has a fraction.
    """

    def __call__(self, step: str, done: float, total: int, detail: str = "", /) -> None: ...


class StageCallback(Protocol):
    """Called with a stage as it begins; of a long one also with how many of its `total` parts are done."""

    def __call__(self, stage: str, done: int = 0, total: int = 0, /) -> None: ...

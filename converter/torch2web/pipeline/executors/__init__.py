"""Who looks at checkpoints and converts models: this process, several of this machine, or a Dask cluster."""

from torch2web.pipeline.executors.choose import Machines, open_executor
from torch2web.pipeline.executors.task import Executor, Outcome, Task, Work

__all__ = ["Executor", "Machines", "Outcome", "Task", "Work", "open_executor"]

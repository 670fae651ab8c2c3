"""How much memory there is, and how much a conversion needs."""

import os
from pathlib import Path

from torch2web.pipeline.executors.task import Task
from torch2web.pipeline.network_files import external_files

_MIB = 2**20
BASE = 900 * _MIB
"""Peak of a conversion of few weights: Python, PyTorch, onnx, onnxruntime, and activations at 224 x 224."""

TIMES_WEIGHTS = 10
"""Peak above `BASE` as a multiple of the bytes of the checkpoint: copies in PyTorch, float64 and ONNX, and
variants. Measured peaks: 654 MiB of MobileNetV2 (8.7 MiB of weights), 791 of EfficientNet-B0 (15.6), 2,309 of
LandmarkCNN (196)."""

_DEMO = 196 * _MIB
"""Weights of the largest network of the demo, in memory: their files are compressed."""


def needed_memory(task: Task) -> int:
    """Upper estimate of the bytes that converting the model takes."""
    size = _DEMO if task.checkpoint is None else _size_of(task.checkpoint)
    return BASE + TIMES_WEIGHTS * size


def _size_of(checkpoint: Path) -> int:
    """Bytes of the checkpoint and the files beside it; 0 of one that is not fetched yet."""
    if not checkpoint.is_file():
        return 0
    return sum(path.stat().st_size for path in (checkpoint, *external_files(checkpoint).values()))


def available_memory() -> int | None:
    """Bytes that this process and its children may take now; None where the system does not tell."""
    found = [value for value in (_of_the_machine(), _of_the_group()) if value is not None]
    return min(found, default=None)


def _of_the_machine() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
    except (ValueError, OSError, AttributeError):
        return None


def _of_the_group(folder: Path = Path("/sys/fs/cgroup")) -> int | None:
    """The limit of the control group, version 2, less what is in use; containers have one."""
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
        return None if limit == "max" else max(0, int(limit) - used)
    except (OSError, ValueError):
        return None

"""Factories of networks whose process is killed by its id, as the system does where memory runs out."""

import os
import signal
from pathlib import Path

from torch import nn

from tests.tiny_network import relu_network


def dies_once(classes: int = 4) -> nn.Module:
    """The first time, in a process other than the test's: a marker tells."""
    marker = Path(os.environ["TORCH2WEB_TEST_MARKER"])
    if os.getpid() != int(os.environ["TORCH2WEB_TEST_PARENT"]) and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return relu_network(classes)


def dies(classes: int = 4) -> nn.Module:
    """Each time."""
    os.kill(os.getpid(), signal.SIGKILL)
    return relu_network(classes)

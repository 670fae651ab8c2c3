"""A class and an audit hook that detect whether reading a file does more than read it."""

import encodings.cp437  # noqa: F401 - zipfile decodes names with it
import sys
from pathlib import Path

from tests.unit.sources.hostile.pickles import (
    name,
)
from torch2web.errors import CheckpointError
from torch2web.sources.checkpoint import Checkpoint, read_checkpoint

CANARY = name("canary", "Canary")
TOUCHED: list[str] = []
FORBIDDEN = (
    "os.",
    "subprocess.",
    "exec",
    "compile",
    "ctypes.",
    "socket.",
    "import",
    "shutil.",
    "code.__new__",
)
AUDITED: list[str] = []
auditing = False


def audit(event: str, args: tuple[object, ...]) -> None:
    if auditing and event.startswith(FORBIDDEN):
        AUDITED.append(f"{event} {args[:1]}")


sys.addaudithook(audit)


class Canary:
    """Records every use of itself or of its class."""

    def __init__(self, *_: object) -> None:
        TOUCHED.append("__init__")

    def __init_subclass__(cls) -> None:
        TOUCHED.append("__init_subclass__")

    def __getattribute__(self, attribute: str) -> object:
        TOUCHED.append(attribute)
        return super().__getattribute__(attribute)


def read(path: Path) -> Checkpoint | CheckpointError:
    """The checkpoint or its CheckpointError; raises any other exception. No forbidden event may occur."""
    global auditing
    auditing = True
    try:
        return read_checkpoint(path)
    except CheckpointError as error:
        return error
    finally:
        auditing = False
        assert AUDITED == []

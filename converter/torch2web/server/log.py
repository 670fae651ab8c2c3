"""Structured logs: a JSON object a line on stderr. Nothing of a picture but its size, and no address."""

import json
import os
import sys
from datetime import UTC, datetime


def log(event: str, **facts: object) -> None:
    """Write one line. `event` is a short name, such as `request`."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"time": now, "event": event, "pid": os.getpid(), **facts}, ensure_ascii=True)
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads it any more, which is no reason to stop answering
        return

"""`python -m bench coverage`: a table over the families of torchvision and timm.

Each network is measured in a process of its own; what was found is kept, so that a second call goes on.
"""

import json
import multiprocessing
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.coverage.families import TIMM, TORCHVISION
from torch2web.cli.console import Output

MOST_FROM_DOUBLE = 2.0
"""Where rounding is large in onnxruntime too: a right network is off from PyTorch in float64 by at most so
many times as much as onnxruntime."""
WANTED = {"torchvision": 1.0, "timm": 0.95}
"""Parts of the networks that have to be planned and right."""
KEPT = Path(".cache/coverage.json")
_PATIENCE = 600
"""Seconds for one network."""

Row = dict[str, Any]


def measure_coverage(
    output: Output, only: Sequence[str] = (), *, again: bool = False, exporter: str = "torch.export"
) -> None:
    """Measure the networks whose names contain one of `only` (none: all), and print the table.

    `again`: also those that have been measured already. `exporter` is tried first; the other of PyTorch's
    where its file has no plan.
    """
    from bench.coverage.packages import installed, names

    packages, problems = installed()
    for package, problem in problems.items():
        count = len(TORCHVISION if package == "torchvision" else TIMM)
        output.line(f"{package} left out, {count} networks: {problem}")
        output.line(f"pip install --no-deps {package} installs it")
    chosen = [name for name in names() if name.partition("/")[0] in packages]
    chosen = [name for name in chosen if not only or any(part in name for part in only)]
    kept: dict[str, Row] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name in chosen:
        if again or name not in kept:
            kept[name] = _in_process(packages, name, exporter)
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(kept, indent=1))
            output.line(f"{name}: {kept[name]['problem'] or _figures(kept[name])}")
    found = [kept[name] for name in chosen]
    output.table(
        ("network", "planned", "difference", "engine ms", "onnxruntime ms", "ratio", "million parameters"),
        [_row(row) for row in found],
    )
    for package in packages:
        _summarize(output, package, [row for row in found if row["name"].startswith(package)])


def _in_process(packages: dict[str, Any], name: str, exporter: str) -> Row:
    """Forked, so that imports are not repeated and memory is given back."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(packages, name, exporter, sender))
    process.start()
    sender.close()
    try:
        row: Row = receiver.recv() if receiver.poll(_PATIENCE) else _failed(name, "no result in time")
    except EOFError:
        row = _failed(name, "the process ended")
    process.kill()
    process.join()
    return row


def _measured(packages: dict[str, Any], name: str, exporter: str, sender: Any) -> None:
    from bench.coverage.measure import measure

    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)  # warnings of exporters
        sender.send(measure(packages, name, exporter).as_dict())


def _failed(name: str, problem: str) -> Row:
    from bench.coverage.measure import Outcome

    return Outcome(name, problem).as_dict()


def _is_right(row: Row) -> bool:
    from bench.coverage.measure import TOLERANCE

    if row["problem"]:
        return False
    own, native = row.get("from_double") or (row["difference"], 0.0)
    return bool(row["difference"] <= TOLERANCE or own <= MOST_FROM_DOUBLE * native)


def _figures(row: Row) -> str:
    return f"{row['difference']:.1e}, {row['engine']:.1f} ms, {_ratio(row):.2f} of onnxruntime for Python"


def _ratio(row: Row) -> float:
    return float(row["engine"] / row["native"])


def _row(row: Row) -> tuple[str, ...]:
    size = f"{row['parameters'] / 1e6:.1f}"
    if row["problem"]:
        return row["name"], row["problem"], "", "", "", "", size
    planned = "yes" if _is_right(row) else "yes, but not right"
    figures = (f"{row[key]:.1f}" for key in ("engine", "native"))
    return row["name"], planned, f"{row['difference']:.1e}", *figures, f"{_ratio(row):.2f}", size


def _summarize(output: Output, package: str, rows: Sequence[Row]) -> None:
    right = [row for row in rows if _is_right(row)]
    if not rows:
        return
    share = len(right) / len(rows)
    output.line(
        f"{package}: {len(right)} of {len(rows)} planned and right "
        f"({share:.0%}, wanted {WANTED[package]:.0%}); {_worst(right)}"
    )


def _worst(rows: Iterable[Row]) -> str:
    found = list(rows)
    if not found:
        return "nothing to compare"
    worst = max(found, key=lambda row: float(row["difference"]))
    ratios = [_ratio(row) for row in found]
    return (
        f"largest difference {worst['difference']:.1e} ({worst['name']}); "
        f"time over onnxruntime's for Python: median {median(ratios):.2f}, largest {max(ratios):.2f}"
    )

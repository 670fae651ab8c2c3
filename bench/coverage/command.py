"""`python -m bench coverage`: a table over the families of torchvision and timm.

Each network is measured in a process of its own; what was found is kept, so that a second call goes on.
"""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.coverage.families import TIMM, TORCHVISION
from torch2web.cli.terminal.console import Output

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
    output: Output,
    only: Sequence[str] = (),
    *,
    again: bool = False,
    exporter: str = "torch.export",
    browser: bool = False,
) -> None:
    """Measure the networks whose names contain one of `only` (none: all), and print the table.

    `again`: also those that have been measured already. `exporter` is tried first; the other of PyTorch's
    where its file has no plan. `browser`: in Chromium beside onnxruntime-web, too.
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
        if again or name not in kept or (browser and _lacks_chromium(kept[name])):
            kept[name] = _in_process(packages, name, exporter, browser=browser)
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(kept, indent=1))
            output.line(f"{name}: {kept[name]['problem'] or _figures(kept[name])}")
    found = [kept[name] for name in chosen]
    output.table(
        HEADINGS,
        [_row(row) for row in found],
    )
    for package in packages:
        _summarize(output, package, [row for row in found if row["name"].startswith(package)])


def _in_process(packages: dict[str, Any], name: str, exporter: str, *, browser: bool) -> Row:
    """Forked, so that imports are not repeated and memory is given back."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(packages, name, exporter, browser, sender))
    process.start()
    sender.close()
    try:
        row: Row = receiver.recv() if receiver.poll(_PATIENCE) else _failed(name, "no result in time")
    except EOFError:
        row = _failed(name, "the process ended")
    process.kill()
    process.join()
    return row


def _measured(packages: dict[str, Any], name: str, exporter: str, browser: bool, sender: Any) -> None:
    from bench.coverage.measure import measure

    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)  # warnings of exporters
        sender.send(measure(packages, name, exporter, browser=browser).as_dict())


def _failed(name: str, problem: str) -> Row:
    from bench.coverage.measure import Outcome

    return Outcome(name, problem).as_dict()


def _is_right(row: Row) -> bool:
    from bench.coverage.measure import TOLERANCE

    if row["problem"]:
        return False
    own, native = row.get("from_double") or (row["difference"], 0.0)
    return bool(row["difference"] <= TOLERANCE or own <= MOST_FROM_DOUBLE * native)


def _lacks_chromium(row: Row) -> bool:
    return not row["problem"] and not row.get("chromium")


def _figures(row: Row) -> str:
    native = (
        f"{row['difference']:.1e}, {row['engine']:.1f} ms, {_to_native(row):.2f} of onnxruntime for Python"
    )
    if row.get("no_chromium"):
        return f"{native}; Chromium: {row['no_chromium']}"
    return f"{native}, {_to_web(row):.2f} of onnxruntime-web" if row.get("chromium") else native


def _to_native(row: Row) -> float:
    """In Chromium where it was measured there, else in wasmtime."""
    return float(_engine(row) / row["native"])


def _to_web(row: Row) -> float:
    engine, web = row["chromium"]
    return float(engine / web)


def _engine(row: Row) -> float:
    return float(row["chromium"][0] if row.get("chromium") else row["engine"])


HEADINGS = (
    "network",
    "planned",
    "difference",
    "engine ms",
    "onnxruntime-web ms",
    "ratio",
    "onnxruntime ms",
    "ratio",
    "planning s",
    "million parameters",
)


def _row(row: Row) -> tuple[str, ...]:
    size = f"{row['parameters'] / 1e6:.1f}"
    if row["problem"]:
        return row["name"], row["problem"], *[""] * 7, size
    planned = "yes" if _is_right(row) else "yes, but not right"
    web = (f"{row['chromium'][1]:.1f}", f"{_to_web(row):.2f}") if row.get("chromium") else ("", "")
    native = (f"{row['native']:.1f}", f"{_to_native(row):.2f}")
    figures = (f"{row['difference']:.1e}", f"{_engine(row):.1f}", *web, *native, f"{row['planning']:.1f}")
    return row["name"], planned, *figures, size


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
    slow = max(found, key=lambda row: float(row["planning"]))
    parts = [
        f"largest difference {worst['difference']:.1e} ({worst['name']})",
        _ratios("onnxruntime for Python", found, _to_native),
        _ratios("onnxruntime-web", [row for row in found if row.get("chromium")], _to_web),
        f"longest planning {slow['planning']:.1f} s ({slow['name']})",
    ]
    return "; ".join(part for part in parts if part)


def _ratios(title: str, rows: Sequence[Row], ratio: Callable[[Row], float]) -> str:
    if not rows:
        return ""
    largest = max(rows, key=ratio)
    middle = median(map(ratio, rows))
    return f"time over {title}'s: median {middle:.2f}, largest {ratio(largest):.2f} ({largest['name']})"

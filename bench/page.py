"""The page as a visitor gets it: first paint, bytes, layout shifts, and long tasks of the main thread.

On a phone's screen, with Chromium's fake camera and, in a second round, a processor slowed down four times.
A long task is one over 50 ms (W3C, Long Tasks API); named is the script that took longest in its frame.
Where other programs run, tasks also wait for the processor: a last round has their time on it, from a trace.
"""

import json
import tempfile
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.network import CountingSocket, count_bytes
from bench.site import built_site, chromium
from tests.browser.camera import write_video
from tests.browser.find import launch_arguments
from tests.browser.shown import READY
from torch2web.cli.terminal.console import Output
from torch2web.serve.host_emulation.create import create_emulated_server
from torch2web.serve.static.server import LOOPBACK

ROUNDS = 5
CAMERA_SECONDS = 4
SLOWER = (1, 4)
"""How many times slower than this machine."""

RUN = "ThreadControllerImpl::RunTask"
"""Name of Chromium's trace events of tasks."""

OBSERVE = """
window.measured = { tasks: [], shifts: 0, paint: 0 };
const observe = (type, take) => {
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
};
observe("longtask", ({ startTime, duration }) => measured.tasks.push({ startTime, duration, by: "" }));
observe("layout-shift", ({ value, hadRecentInput }) => { if (!hadRecentInput) measured.shifts += value; });
observe("paint", ({ name, startTime }) => {
    if (name === "first-contentful-paint") measured.paint = startTime;
});
observe("long-animation-frame", ({ startTime, duration, scripts }) => {
    const [script] = [...scripts].sort((one, other) => other.duration - one.duration);
    if (!script) return;
    const where = `${script.sourceURL.split("/").at(-1).replace(/-[0-9a-f]{32}/, "")} ${script.invoker}`;
    for (const task of measured.tasks) {
        if (task.startTime >= startTime - 1 && task.startTime <= startTime + duration) task.by = where;
    }
});
"""
TAKE = """async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { tasks } = measured;
    measured.tasks = [];
    return tasks;
}"""
BEFORE_PAINT = """() => performance.getEntriesByType("resource")
    .filter(({ responseEnd }) => responseEnd <= measured.paint)
    .concat(performance.getEntriesByType("navigation"))
    .reduce((sum, { transferSize }) => sum + transferSize, 0)
"""

Tasks = list[dict[str, Any]]


def measure_page(output: Output) -> None:
    """Minima of the times; of long tasks the visit with the fewest milliseconds in them."""
    with (
        tempfile.TemporaryDirectory() as name,
        built_site("mobilenet_emotion") as site,
        create_emulated_server("cloudflare", site, 0, LOOPBACK) as (server, _),
        sync_playwright() as playwright,
    ):
        count_bytes(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{LOOPBACK}:{server.server_port}/"
        video = Path(name) / "faces.y4m"
        write_video(video)
        flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        flags.append(f"--use-file-for-fake-video-capture={video}")
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*launch_arguments(), *flags])
        for slower in SLOWER:
            visits = [_visit(browser, address, slower) for _ in range(ROUNDS)]
            output.line(f"processor slowed down {slower} times")
            output.table(("the page", "least of the visits"), _figures(visits))
            output.table(("long tasks", "tasks", "ms in them", "longest", "by"), _long_tasks(visits))
        traces = [_traced(browser, address) for _ in range(ROUNDS)]
        rows = [(label, *_least(traces, label)) for label in traces[0]]
        output.table(("longest task", "ms of the processor", "of them style and layout"), rows)
        browser.close()
        server.shutdown()


def _visit(browser: Browser, address: str, slower: int) -> dict[str, Any]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.add_init_script(OBSERVE)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    CountingSocket.sent = 0
    page.goto(address)
    page.wait_for_selector(READY)
    found: dict[str, Any] = {"first answer": page.evaluate("performance.now()")}
    found["bytes before it"] = CountingSocket.sent
    tasks: dict[str, Tasks] = {"load, first answer": page.evaluate(TAKE)}
    found["bytes before the first paint"] = page.evaluate(BEFORE_PAINT)
    for label, act in ACTS.items():
        act(page)
        tasks[label] = page.evaluate(TAKE)
    found["first paint"] = page.evaluate("measured.paint")
    found["layout shift"] = page.evaluate("measured.shifts")
    found["tasks"] = tasks
    context.close()
    return found


Longest = tuple[float, float]
"""Milliseconds on the processor of a task, and of style and layout in it."""


def _traced(browser: Browser, address: str) -> dict[str, Longest]:
    """The longest task of each part of a visit."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(120_000)

    def load(page: Page) -> None:
        page.goto(address)
        page.wait_for_selector(READY)

    found: dict[str, Longest] = {}
    for label, act in {"load, first answer": load, **ACTS}.items():
        browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
        act(page)
        page.wait_for_timeout(300)
        found[label] = _longest_task(json.loads(browser.stop_tracing())["traceEvents"])
    context.close()
    return found


def _longest_task(events: list[dict[str, Any]]) -> Longest:
    """Of the main threads of renderers."""
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    timed = [event for event in events if (event["pid"], event["tid"]) in main and "tdur" in event]
    longest = max((event for event in timed if event["name"] == RUN), key=lambda event: int(event["tdur"]))
    inside = [
        event
        for event in timed
        if event["name"] in ("Layout", "UpdateLayoutTree")
        and (event["pid"], event["tid"]) == (longest["pid"], longest["tid"])
        and longest["ts"] <= event["ts"] <= longest["ts"] + longest["dur"]
    ]
    return longest["tdur"] / 1000, sum(event["tdur"] for event in inside) / 1000


def _least(traces: list[dict[str, Longest]], label: str) -> tuple[str, str]:
    """The visit in which the longest task was shortest."""
    task, layout = min(trace[label] for trace in traces)
    return f"{task:.1f}", f"{layout:.1f}"


def _samples(page: Page) -> None:
    for sample in page.locator(".sample").all():
        page.evaluate("document.getElementById('app').dataset.state = 'asked'")
        sample.click()
        page.wait_for_selector(READY)


def _camera(page: Page) -> None:
    page.click("#camera-start")
    page.wait_for_selector("#camera[data-state=live]")
    page.wait_for_timeout(1000 * CAMERA_SECONDS)
    page.click("#camera-stop")
    page.wait_for_selector(READY)


def _heat_map(page: Page) -> None:
    page.click("#heat-toggle")
    page.wait_for_selector("#heat:visible")


def _panels(page: Page) -> None:
    page.click("#history summary")
    page.wait_for_selector("#history-rows tr")
    page.click("#batch summary")


ACTS = {"eight pictures": _samples, "camera": _camera, "heat map": _heat_map, "history": _panels}


def _figures(visits: list[dict[str, Any]]) -> list[tuple[str, str]]:
    def least(key: str) -> float:
        return float(min(visit[key] for visit in visits))

    return [
        ("first paint, ms", f"{least('first paint'):.0f}"),
        ("first answer, ms", f"{least('first answer'):.0f}"),
        ("KB before the first paint", f"{least('bytes before the first paint') / 1e3:.1f}"),
        ("KB before the first answer", f"{least('bytes before it') / 1e3:.1f}"),
        ("layout shift, largest", f"{max(visit['layout shift'] for visit in visits):.4f}"),
    ]


def _long_tasks(visits: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for label in visits[0]["tasks"]:
        each: list[Tasks] = [visit["tasks"][label] for visit in visits]
        best = min(each, key=_milliseconds)
        longest: dict[str, Any] = max(
            best, key=lambda task: task["duration"], default={"duration": 0, "by": ""}
        )
        figures = f"{len(best)}", f"{_milliseconds(best):.0f}", f"{longest['duration']:.0f}"
        rows.append((label, *figures, str(longest["by"])))
    return rows


def _milliseconds(tasks: Tasks) -> float:
    return float(sum(task["duration"] for task in tasks))

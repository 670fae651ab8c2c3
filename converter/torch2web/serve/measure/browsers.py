"""Measures a site in a browser: latency by backend, memory of the page, answers to the reference pictures."""

import os
import platform
import shutil
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from torch2web.assets import Assets
from torch2web.catalog import ReferenceImage
from torch2web.errors import MissingExtraError, ToolError
from torch2web.serve.measure.memory import RendererMemory
from torch2web.serve.measure.page import PAGE, picture_paths, serving
from torch2web.site.report import top_answers
from torch2web.tasks import Task, activate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

_TITLES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}
"""By Playwright's names."""
_SYSTEM_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_TIMEOUT = 300_000
"""Milliseconds for one model in one backend, its download included."""


@dataclass(frozen=True)
class Measuring:
    """What is measured."""

    site: Path
    assets: Assets
    manifest: Mapping[str, Any]
    images: Sequence[ReferenceImage]
    """The pictures of report.json, drawn again."""
    step: Callable[[str], None]
    """Called as each measurement begins."""


def require_playwright() -> None:
    """Raise MissingExtraError where Playwright is not installed."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("--browser", "browsers") from error


def measure_browser(name: str, measuring: Measuring) -> dict[str, Any]:
    """What the browser `name`, by Playwright's name, measures of every model.

    Raises MissingExtraError, or ToolError where the browser does not start or stops.
    """
    require_playwright()
    from playwright.sync_api import Error, sync_playwright

    pictures = [image.image for image in measuring.images]
    with (
        serving(measuring.site, measuring.assets, pictures) as address,
        sync_playwright() as playwright,
        _started(playwright, name) as browser,
    ):
        title = f"{_TITLES[name]} {browser.version.partition('.')[0]}"
        try:
            models = [
                _measure_model(browser, address, measuring, title, model)
                for model in measuring.manifest["models"]
            ]
        except Error as error:
            raise ToolError(title, f"measuring failed: {_first_line(error)}") from error
    return {"engine": name, "title": title, "system": platform.system(), "models": models}


@contextmanager
def _started(playwright: "Playwright", name: str) -> "Iterator[Browser]":
    """Playwright's own browser; of Chromium also one that is installed on this machine."""
    from playwright.sync_api import Error

    kind = getattr(playwright, name)
    executable: str | None = kind.executable_path
    if name == "chromium" and not Path(str(executable)).exists():
        executable = next(filter(None, map(shutil.which, _SYSTEM_CHROMIUM)), None)
    # Chromium refuses its sandbox to root.
    root = name == "chromium" and hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        browser = kind.launch(executable_path=executable, args=["--no-sandbox"] if root else [])
    except Error as error:
        problem = f"Playwright cannot start it: {_first_line(error)}"
        advice = f"Install it: python -m playwright install --with-deps {name}"
        raise ToolError(name, problem, advice) from error
    try:
        yield browser
    finally:
        browser.close()


def _measure_model(
    browser: "Browser", address: str, measuring: Measuring, title: str, model: Mapping[str, Any]
) -> dict[str, Any]:
    """Latency in each backend of the site, each in a page of its own; then answers of the chosen one."""
    task = Task.from_value(model.get("task", "softmax"))
    context = browser.new_context()  # keeps what the loader caches between the pages
    context.set_default_timeout(_TIMEOUT)
    runs = []
    try:
        for backend in _backends(measuring.manifest, model):
            measuring.step(f"{title}: {model['title']}, {backend}")
            runs.append(_run(context, address, model, task, backend))
        answers: list[Any] = []
        if measuring.images and task.kind != "embedding":
            measuring.step(f"{title}: {model['title']}, answers to {len(measuring.images)} pictures")
            answers = _answers(context.new_page(), address, model, task, len(measuring.images))
    finally:
        context.close()
    return {"name": model["name"], "runs": runs, "answers": answers}


def _backends(manifest: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[str]:
    if "plan" in model:
        yield "compiled"
    if "graph" in model:
        yield "wasm"
        if "webgpu" in manifest["runtime"]:
            yield "webgpu"


def _run(
    context: "BrowserContext", address: str, model: Mapping[str, Any], task: Task, backend: str
) -> dict[str, Any]:
    from playwright.sync_api import Error

    with RendererMemory.watching(context.browser) as memory:
        page = context.new_page()
        try:
            found = _call(page, address, model, task, backend, [])
            peak = memory.peak()
        except Error as error:
            problem = _first_line(error).rpartition(f"{backend}: ")[2]
            return {"backend": _NAMES[backend], "problem": problem}
        finally:
            page.close()
    times = found["times"]
    return {
        "backend": found["description"],
        "median_ms": round(statistics.median(times), 2),
        "min_ms": round(min(times), 2),
        "memory": peak,
    }


_NAMES = {
    "compiled": "compiled engine",
    "wasm": "onnxruntime-web, WebAssembly",
    "webgpu": "onnxruntime-web, WebGPU",
}


def _answers(page: "Page", address: str, model: Mapping[str, Any], task: Task, count: int) -> list[Any]:
    """By picture, as in report.json."""
    found = _call(page, address, model, task, None, picture_paths(count))
    page.close()
    return top_answers(task, activate(task, np.asarray(found["outputs"])))


def _call(
    page: "Page",
    address: str,
    model: Mapping[str, Any],
    task: Task,
    backend: str | None,
    pictures: Sequence[str],
) -> dict[str, Any]:
    """Call `measure` of web/report/measure.ts."""
    page.goto(address + PAGE)
    page.wait_for_selector("html[data-ready]", state="attached")
    kind = task.kind if task.kind in ("embedding", "regression") else "classification"
    request = {"name": model["name"], "task": kind, "backend": backend, "pictures": list(pictures)}
    result: dict[str, Any] = page.evaluate("request => measure(request)", request)
    return result


def _first_line(error: Exception) -> str:
    """What Playwright says first, without the name of its call."""
    lines = [line.strip(" ╔║╗═") for line in str(error).splitlines()]
    first = next(filter(None, lines), "no reason given")
    return first.removeprefix("Page.evaluate: ").removeprefix("Error: ")

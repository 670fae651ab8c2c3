"""The central comparison of the project: results of a page against Python's."""

from typing import Any

import numpy as np
from playwright.sync_api import Page

from tests.browser.expected import Answer
from tests.browser.server import Host
from tests.conftest import ROOT

LOGITS_TOLERANCE = 1e-4
HARNESS = ROOT / "tests/browser/harness"


def open_harness(page: Page, host: Host, name: str = "blank.html") -> None:
    """Open an empty page that imports the site's loader."""
    for file in HARNESS.iterdir():
        host.extras[f"harness/{file.name}"] = file
    page.goto(f"{host.url}harness/{name}")
    page.wait_for_selector("html[data-ready]")


def compare_in_page(
    page: Page, host: Host, name: str, answers: dict[str, Answer], variant: str = "", backend: str = ""
) -> list[str]:
    """Predict every image with the loader; return the differences from `answers` as text."""
    open_harness(page, host)
    urls = [f"/pictures/{picture}" for picture in answers]
    options: dict[str, Any] = {"variant": variant} if variant else {}
    options |= {"backends": [backend]} if backend else {}
    results: dict[str, Any] = page.evaluate("args => probe.compare(...args)", [name, urls, options])
    problems = []
    for picture, answer in answers.items():
        result = results[f"/pictures/{picture}"]
        if result["tensor"] != answer.tensor_sha256:
            problems.append(f"{picture}: tensor differs")
        for kind in ("logits", "ran"):
            difference = float(np.abs(np.array(result[kind]) - answer.logits).max())
            if not difference <= LOGITS_TOLERANCE:
                problems.append(f"{picture}: {kind} differ by {difference:.3g}")
        if result["label"] != answer.label:
            problems.append(f"{picture}: label {result['label']}, expected {answer.label}")
        if not abs(sum(result["probabilities"]) - 1) <= 1e-6:
            problems.append(f"{picture}: probabilities sum to {sum(result['probabilities'])}")
        if result["confidence"] != max(result["probabilities"]):
            problems.append(f"{picture}: confidence is not the largest probability")
    return problems

"""Drives verify.html, and lists the tests that it has to run."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from playwright.sync_api import Page

from tests.browser.server import Host
from tests.conftest import ROOT
from tests.patience import PATIENCE_MS

IN_PAGE = ROOT / "web/verify/python"
TIMEOUT = 2 * PATIENCE_MS
"""Milliseconds that a page may take with all variants of three models, on a busy machine."""


@dataclass(frozen=True)
class Result:
    """The result of one test in JUnit XML."""

    outcome: str
    """passed, failed or skipped"""
    message: str


def names_of_tests(models: Iterable[str], pictures: Iterable[str], files: Iterable[str]) -> list[str]:
    """Names of all tests in the page, from the parameters of their functions, not from a run."""
    models, pictures = list(models), list(pictures)
    cases = {
        ("model", "picture"): [f"[{model}-{picture}]" for model in models for picture in pictures],
        ("model",): [f"[{model}]" for model in models],
        ("path",): [f"[{path}]" for path in files],
        (): [""],
    }
    return [
        f"in_page.{path.stem}::{function.name}{case}"
        for path in sorted(IN_PAGE.glob("test_*.py"))
        for function in ast.parse(path.read_text()).body
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_")
        for case in cases[tuple(argument.arg for argument in function.args.args)]
    ]


def open_verify_page(page: Page, host: Host, query: str = "") -> str:
    """Let the page verify, by its button or by `query`; return its verdict."""
    page.goto(f"{host.url}verify.html{query}")
    page.wait_for_selector("html[data-ready]")
    if not query:
        page.get_by_role("button", name="Verify on this device").click()
    return wait_for_verdict(page)


def wait_for_verdict(page: Page) -> str:
    """Wait for the verdict of the open page."""
    done = ", ".join(f"html[data-verdict={verdict}]" for verdict in ("passed", "failed", "incomplete"))
    page.wait_for_selector(done, timeout=TIMEOUT)
    return page.locator("html").get_attribute("data-verdict") or ""


def download_results(page: Page, folder: Path) -> dict[str, Result]:
    """The page's JUnit XML, downloaded as by a person."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the results").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return read_junit(path.read_text())


def read_junit(text: str) -> dict[str, Result]:
    """Results by test, from JUnit XML of one suite or several."""
    results = {}
    for case in ElementTree.fromstring(text).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        assert name not in results, f"{name} ran twice"
        results[name] = _result(case)
    return results


def _result(case: ElementTree.Element) -> Result:
    for tag, outcome in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        if (problem := case.find(tag)) is not None:
            return Result(outcome, f"{problem.get('message')}\n{problem.text}")
    return Result("passed", "")

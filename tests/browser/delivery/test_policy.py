"""Strict pages: a restrictive policy, no workers, and a loader whose content does not match its hash."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Fault, Host, Hosting
from tests.browser.sites import script_of

MODEL = "mobilenet_emotion"
POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:"


@pytest.mark.parametrize("isolated", [True, False], ids=["isolated", "not isolated"])
@pytest.mark.parametrize("worker", [True, False], ids=["in the worker", "in the page"])
@pytest.mark.parametrize("backend", ["compiled", "wasm"])
def test_strict_policy_is_never_violated(
    page: Page, demo_site: Path, host_of: Hosting, isolated: bool, worker: bool, backend: str
) -> None:
    """Also where the server sends the policy with the loader, so that it applies to its worker."""
    host = host_of(demo_site, isolated=isolated)
    loader = script_of(demo_site)
    headers = {"Content-Security-Policy": POLICY}
    host.faults[loader] = Fault((demo_site / loader).read_bytes(), headers=headers)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    open_harness(page, host)
    page.evaluate(
        """() => {
            window.broken = [];
            addEventListener("securitypolicyviolation", ({ blockedURI }) => broken.push(blockedURI));
        }"""
    )
    options = {"worker": worker, "backends": [backend], **({"threads": 2} if isolated else {})}
    found = page.evaluate(
        """async ([name, options]) => {
            const model = await torch2web.loadModel(name, options);
            const { label } = await model.predict(await probe.fetchBlob("/samples/tired-1.jpg"));
            return [label, model.worker.used, model.backend.threads];
        }""",
        [MODEL, options],
    )
    assert found == ["Tired", worker, 2 if isolated else 1]
    assert page.evaluate("broken") == []
    assert [text for text in said if "Content Security Policy" in text] == []


def test_loader_that_does_not_match_its_hash_starts_no_worker(
    page: Page, demo_host: Host, demo_site: Path
) -> None:
    """Browsers do not check a worker's script, so the loader does. This page pins nothing."""
    loader = script_of(demo_site)
    demo_host.faults[loader] = Fault((demo_site / loader).read_bytes() + b"\n")
    open_harness(page, demo_host)
    worker, label = page.evaluate(
        """async name => {
            const model = await torch2web.loadModel(name);
            return [model.worker, (await model.predict(await probe.fetchBlob("/samples/tired-1.jpg"))).label];
        }""",
        MODEL,
    )
    assert worker["used"] is False
    assert "IntegrityError" in worker["reason"]
    assert label == "Tired"
    assert page.workers == []


@pytest.mark.parametrize("backend", ["compiled", "wasm"])
def test_page_that_forbids_workers(page: Page, demo_host: Host, tmp_path: Path, backend: str) -> None:
    """Neither for the model nor for threads: one thread in the page is used instead."""
    open_harness(page, demo_host)
    blank = demo_host.extras["harness/blank.html"].read_text()
    (tmp_path / "strict.html").write_text(blank.replace("script-src", "worker-src 'none'; script-src"))
    demo_host.extras["harness/strict.html"] = tmp_path / "strict.html"
    page.goto(f"{demo_host.url}harness/strict.html")
    page.wait_for_selector("html[data-ready]")
    worker, label, running = page.evaluate(
        """async ([name, backend]) => {
            const model = await torch2web.loadModel(name, { threads: 2, backends: [backend] });
            return [model.worker, (await model.predict(new ImageData(9, 9))).label, model.backend];
        }""",
        [MODEL, backend],
    )
    assert worker["used"] is False
    assert "no worker could be used" in worker["reason"]
    assert label
    assert (running["name"], running["threads"]) == (backend, 1)
    assert "did not start" in running["rejected"][0]["reason"]

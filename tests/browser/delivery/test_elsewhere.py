"""Pages of another origin than the loader's: a worker is used, or a warning gives the reason."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.server import Fault, Host, Hosting
from torch2web.site.writers.embed import EXAMPLE

MODEL = "mobilenet_emotion"
SHIM = "torch2web-worker.js"


LOADS = """
window.said = [];
const { warn } = console;
console.warn = (...args) => { said.push(args.join(" ")); warn(...args); };
window.found = (async () => {
    const { loadModel } = await import(LOADER);
    const model = await loadModel("mobilenet_emotion", OPTIONS);
    const { label, top } = await model.predict(`${SITE}samples/tired-1.jpg`);
    return { worker: model.worker, threads: model.backend.threads, label, top, said };
})().catch(({ name, message }) => ({ name, message }));
"""


@pytest.fixture
def bundle(small_site: Path, host_of: Hosting) -> Host:
    """The site on an origin with CORS headers."""
    return host_of(small_site, cors=True)


def shim_lines(bundle: Host) -> str:
    """The file for the page's own server, as embed.html shows it."""
    found = re.search(
        r'<pre id="worker"[^>]*>(.*?)</pre>', (bundle.site / "embed.html").read_text(), re.DOTALL
    )
    assert found
    return html.unescape(found[1]).replace(EXAMPLE, bundle.url)


def visit(page: Page, own: Host, site: Host, policy: str = "", options: str = "{}") -> dict[str, Any]:
    """Load and predict on a page of `own`, with the loader of `site`."""
    values = {"LOADER": f'"{site.url}torch2web.js"', "SITE": f'"{site.url}"', "OPTIONS": options}
    head = "".join(f"const {name} = {value};\n" for name, value in values.items())
    headers = {"Content-Security-Policy": policy} if policy else {}
    own.faults["page.html"] = Fault(b"<!doctype html><script src=page.js></script>", headers=headers)
    own.faults["page.js"] = Fault((head + LOADS).encode())
    page.goto(f"{own.url}page.html")
    page.wait_for_function("() => window.found")
    found: dict[str, Any] = page.evaluate("found")
    return found


@pytest.fixture
def own(bundle: Host, host_of: Hosting) -> Host:
    """The page's origin, which is cross-origin isolated."""
    return host_of(bundle.site)


def policy_of(bundle: Host, more: str) -> str:
    origin = bundle.url.removesuffix("/")
    return f"script-src 'self' {origin} 'wasm-unsafe-eval'; connect-src {origin}; {more}"


def test_worker_and_threads_from_another_origin(page: Page, own: Host, bundle: Host) -> None:
    found = visit(page, own, bundle, options="{ threads: 2 }")
    assert found["worker"] == {"used": True, "reason": ""}
    assert found["threads"] == 2
    assert found["label"] == "Tired"
    assert found["said"] == []


def test_policy_without_blob_workers_says_what_to_do(page: Page, own: Host, bundle: Host) -> None:
    found = visit(page, own, bundle, policy_of(bundle, "worker-src 'self'"))
    assert found["worker"]["used"] is False
    for part in (bundle.url.removesuffix("/"), "add worker-src blob:", SHIM):
        assert part in found["worker"]["reason"]
    assert found["label"] == "Tired"
    assert len(found["said"]) == 1
    assert found["worker"]["reason"] in found["said"][0]
    own.faults[SHIM] = Fault(shim_lines(bundle).encode())
    found = visit(
        page, own, bundle, policy_of(bundle, "worker-src 'self'"), f"{{ worker: '/{SHIM}', threads: 2 }}"
    )
    assert found["worker"] == {"used": True, "reason": ""}
    assert found["threads"] == 2
    assert found["label"] == "Tired"


@pytest.mark.parametrize("allowed", [True, False], ids=["policy allowed", "policy not allowed"])
def test_trusted_types(page: Page, bundle: Host, allowed: bool) -> None:
    """On a page of the loader's own origin."""
    types = f"require-trusted-types-for 'script'; trusted-types {'torch2web' if allowed else 'other'}"
    found = visit(page, bundle, bundle, policy_of(bundle, types))
    assert found["worker"]["used"] is allowed
    assert ("trusted-types torch2web" in found["worker"]["reason"]) is not allowed
    assert found["label"] == "Tired"


def test_sandboxed_frame(page: Page, small_site: Path, host_of: Hosting) -> None:
    """Its origin is opaque: everything is cross-origin, and nothing can be stored."""
    bundle = host_of(small_site, cors=True, isolated=False)
    found = visit(page, bundle, bundle, "sandbox allow-scripts")
    assert found["worker"]["used"] is False
    assert "add allow-same-origin to its sandbox" in found["worker"]["reason"]
    assert found["label"] == "Tired"

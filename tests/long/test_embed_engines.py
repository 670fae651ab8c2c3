"""The two lines of embed.html in Firefox and WebKit, on a page of another origin."""

import html
import re
from pathlib import Path

import pytest

from tests.browser.server import Fault, hosting
from tests.long.engines import find_engines, visit
from torch2web.site.writers.embed import EXAMPLE

pytestmark = pytest.mark.engines

SCRIPT = """
const classifier = document.querySelector("image-classifier");
const post = (outcome) => fetch("/outcome", { method: "POST", body: JSON.stringify(outcome) });
try {
    await customElements.whenDefined("image-classifier");
    const { worker } = await classifier.load();
    const { label } = await classifier.predict("SITEsamples/tired-1.jpg");
    const bars = classifier.shadowRoot.querySelectorAll(".bar").length;
    post({ label, worker, bars });
} catch (error) {
    post({ error: String(error) });
}
"""


@pytest.mark.parametrize("name", ["Firefox", "WebKit"])
def test_tag(name: str, small_site: Path, tmp_path: Path) -> None:
    engine = next(engine for engine in find_engines(tmp_path / "profile") if engine.name == name)
    if not engine.command:
        pytest.skip(f"{engine.name} is not installed: {engine.missing}")
    found = re.search(r'<pre id="tag"[^>]*>(.*?)</pre>', (small_site / "embed.html").read_text(), re.DOTALL)
    assert found
    with hosting(small_site, cors=True) as bundle, hosting(small_site) as own:
        lines = html.unescape(found[1]).replace(EXAMPLE, bundle.url)
        script = SCRIPT.replace("SITE", bundle.url)
        page = f"<!doctype html><body>{lines}<script type=module>{script}</script>"
        own.faults["page.html"] = Fault(page.encode())
        outcome = visit(engine, own, "page.html", tmp_path)
    assert outcome == {"label": "Tired", "worker": {"used": True, "reason": ""}, "bars": 4}

"""The user's own pages and service workers, offline with a site."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.offline.visit import registrations, shells
from tests.browser.server import Host, Hosting
from torch2web.site.manifest.layout import SUMS, read_sums

PREDICT = """async (loader) => {
    const { loadModel } = await import(loader);
    const model = await loadModel("mobilenet_emotion");
    const picture = await new OffscreenCanvas(9, 9);
    picture.getContext("2d").fillRect(0, 0, 5, 5);
    return (await model.predict(await picture.convertToBlob())).label;
}"""
"""By the loader at an address, of a picture that has to be decoded."""


def own_page(host: Host, folder: Path, path: str) -> str:
    """A user's page that loads nothing by itself."""
    (folder / "own.html").write_text("<!doctype html><meta charset=utf-8><title>Own</title>")
    host.extras[path] = folder / "own.html"
    return host.url + path


def register(page: Page, script: str) -> Any:
    """Run the documented line and wait for it: None, or the error."""
    return page.evaluate(
        """async (script) => {
            try {
                const registration = await navigator.serviceWorker.register(script);
                const worker = registration.installing ?? registration.active;
                while (!["activated", "redundant"].includes(worker.state))
                    await new Promise((resolve) => (worker.onstatechange = resolve));
                if (worker.state === "redundant") return "it was not installed";
            } catch (error) {
                return String(error);
            }
        }""",
        script,
    )


def test_one_line_in_an_own_page(page: Page, host: Host, tmp_path: Path) -> None:
    address = own_page(host, tmp_path, "own.html")
    page.goto(address)
    assert register(page, "/offline.js") is None
    label = page.evaluate(PREDICT, "/torch2web.js")
    later = page.context.new_page()
    later.goto(address)
    host.stop()
    assert later.evaluate(PREDICT, "/torch2web.js") == label


def below(host: Host, site: Path, folder: str) -> None:
    """Serve `site` below `folder` as well."""
    for path in [SUMS, *read_sums(site)[0]]:
        host.extras[f"{folder}/{path}"] = site / path


ROOT_WORKER = 'self.torch2webFolder = "/torch2web/";\nimportScripts("/torch2web/offline.js");\n'


def test_own_worker_imports_it(page: Page, small_site: Path, host_of: Hosting, tmp_path: Path) -> None:
    """For pages outside the site's folder, with a worker at the origin's root."""
    root = tmp_path / "root"
    root.mkdir()
    host = host_of(root)
    below(host, small_site, "torch2web")
    (root / "worker.js").write_text(ROOT_WORKER)
    address = own_page(host, tmp_path, "blog/own.html")
    page.goto(address)
    assert register(page, "/worker.js") is None
    page.goto(address)
    assert len(shells(page)) == 1
    label = page.evaluate(PREDICT, "/torch2web/torch2web.js")
    later = page.context.new_page()
    later.goto(address)
    host.stop()
    assert later.evaluate(PREDICT, "/torch2web/torch2web.js") == label


def test_own_worker_has_to_give_the_sites_address(
    page: Page, small_site: Path, host_of: Hosting, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    host = host_of(root)
    below(host, small_site, "torch2web")
    (root / "worker.js").write_text('importScripts("/torch2web/offline.js");\n')
    page.goto(own_page(host, tmp_path, "blog/own.html"))
    assert "ServiceWorker" in register(page, "/worker.js")
    assert registrations(page) == 0
    assert shells(page) == []

"""The lines of embed.html work as copied on a page that the site is part of, and refuse changed files."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.server import Fault, Host
from tests.browser.shown import READY
from tests.browser.sites import script_of


def embed(host: Host, small_site: Path, page: Page, folder: Path) -> None:
    """Another page of the host that holds the lines as copied, with the site below /torch2web/."""
    for path in small_site.rglob("*"):
        if path.is_file():
            host.extras[f"torch2web/{path.relative_to(small_site).as_posix()}"] = path
    snippet = copied(page, host, "#module")
    own_page = folder / "own.html"
    own_page.write_text(f"<!doctype html><meta charset=utf-8><img src='/samples/confused-1.jpg'>{snippet}")
    host.extras["blog/own.html"] = own_page
    host.requests.clear()


def copied(page: Page, host: Host, selector: str) -> str:
    """Lines of embed.html, with the address that it has below /torch2web/."""
    address = f"{host.url}torch2web/"
    if page.url != f"{address}embed.html":
        page.goto(f"{address}embed.html")
    page.wait_for_function(
        "address => document.querySelector('pre').textContent.includes(address)", arg=address
    )
    return page.locator(selector).text_content() or ""


def test_embed_snippet_works_as_copied(page: Page, host: Host, small_site: Path, tmp_path: Path) -> None:
    embed(host, small_site, page, tmp_path)
    with page.expect_console_message(lambda message: message.type == "log") as message:
        page.goto(f"{host.url}blog/own.html")
    assert message.value.text.startswith("Confused 0.")


def test_embed_snippet_refuses_a_changed_loader(
    page: Page, host: Host, small_site: Path, tmp_path: Path
) -> None:
    embed(host, small_site, page, tmp_path)
    loader = script_of(small_site)
    evil = b"\nglobalThis.changed = true;"
    host.faults[f"torch2web/{loader}"] = Fault((small_site / loader).read_bytes() + evil)
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.goto(f"{host.url}blog/own.html")
    page.wait_for_load_state("networkidle")
    assert not page.evaluate("'changed' in globalThis")


def embed_without_inline_scripts(
    host: Host,
    small_site: Path,
    page: Page,
    folder: Path,
    policy: str = "script-src 'self' 'wasm-unsafe-eval'",
) -> None:
    """The same by the recipe for pages whose policy allows no inline script."""
    embed(host, small_site, page, folder)
    for name, selector in (("own.html", "#strict"), ("my-page.js", "#strict-module")):
        (folder / name).write_text(copied(page, host, selector))
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    body = (folder / "own.html").read_text()
    (folder / "own.html").write_text(
        f"<!doctype html><meta charset=utf-8>{meta}<img src='/samples/confused-1.jpg'>{body}"
    )
    host.extras["my-page.js"] = folder / "my-page.js"
    host.requests.clear()


@pytest.mark.parametrize(
    ("policy", "preload"),
    [("default-src 'self'", True), ("script-src 'self' 'wasm-unsafe-eval'", False)],
    ids=["no WebAssembly in the page", "no modulepreload"],
)
def test_external_snippet_works_under_a_strict_policy(
    page: Page, host: Host, small_site: Path, tmp_path: Path, policy: str, preload: bool
) -> None:
    embed_without_inline_scripts(host, small_site, page, tmp_path, policy)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    if not preload:
        page.add_init_script("DOMTokenList.prototype.supports = () => false")
    with page.expect_console_message(lambda message: message.type == "log") as message:
        page.goto(f"{host.url}blog/own.html")
    assert message.value.text.startswith("Confused 0.")
    assert [text for text in said if "Content Security Policy" in text] == []
    assert "torch2web/torch2web.js" not in host.requests


@pytest.mark.parametrize(("changed", "preload"), [("embed", True), ("torch2web", True), ("torch2web", False)])
def test_external_snippet_refuses_changed_files(
    page: Page, host: Host, small_site: Path, tmp_path: Path, changed: str, preload: bool
) -> None:
    embed_without_inline_scripts(host, small_site, page, tmp_path)
    path = script_of(small_site, changed)
    evil = b"\nglobalThis.changed = true; globalThis.torch2web ??= import('/torch2web/torch2web.js');"
    host.faults[f"torch2web/{path}"] = Fault((small_site / path).read_bytes() + evil)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))
    if not preload:
        page.add_init_script("DOMTokenList.prototype.supports = () => false")
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.goto(f"{host.url}blog/own.html")
    page.wait_for_load_state("networkidle")
    assert not page.evaluate("'changed' in globalThis")
    assert "torch2web/models/model_info.json" not in host.requests
    reason = "not the file of this build" if changed == "torch2web" else "torch2web is not defined"
    assert any(reason in error for error in errors)


def test_copy_buttons_copy_the_lines_beside_them(browser: Browser, host: Host) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(host.url)
    page.wait_for_selector(READY)
    page.click("#details summary")
    page.locator("#details").get_by_role("link", name="put it into your own page").click()
    button = page.locator(".copy").first
    button.click()
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#tag").text_content()
    button = page.locator("#strict-module >> xpath=preceding-sibling::button")
    button.click()
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#strict-module").text_content()
    context.close()

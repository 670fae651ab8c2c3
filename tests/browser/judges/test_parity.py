"""The browser computes what Python computes: tensors to the bit, logits within 1e-4, the same label."""

import pytest
from playwright.sync_api import Page

from tests.browser.expected import Expected
from tests.browser.parity import compare_in_page
from tests.browser.server import Host
from tests.browser.shown import ASKING, READY

MODELS = ("mobilenet_emotion", "landmark_cnn_emotion", "efficientnet_emotion")


@pytest.mark.parametrize("backend", ["compiled", "wasm"])
@pytest.mark.parametrize("variant", ["fp32", "fp16", "int8", "compact"])
@pytest.mark.parametrize("name", MODELS)
def test_loader_computes_what_python_computes(
    page: Page, demo_host: Host, expected: Expected, name: str, variant: str, backend: str
) -> None:
    """The exact variant against the whole ONNX file, the others against onnxruntime with the same weights."""
    answers = expected.answers(name, variant)
    assert len(answers) >= 24
    assert len({answer.label for answer in answers.values()}) == 4, (
        "pictures that all get one label prove little"
    )
    assert compare_in_page(page, demo_host, name, answers, variant, backend) == []


@pytest.mark.parametrize("name", MODELS)
def test_page_shows_that_label(page: Page, demo_host: Host, expected: Expected, name: str) -> None:
    page.goto(demo_host.url)
    page.check(f"input[name=model][value={name}]", force=True)
    page.locator(f"{READY}, {ASKING}").wait_for()
    if page.locator(ASKING).count():  # the page asks before a large download
        page.click("#download")
    shown = {}
    for picture, path in demo_host.extras.items():
        page.wait_for_selector("#app[data-state=ready]")
        page.evaluate("document.getElementById('app').dataset.state = 'asked'")
        page.set_input_files("#file", path)
        page.wait_for_selector("#app[data-state=ready]")
        shown[picture.removeprefix("pictures/")] = page.inner_text("#label")
    assert shown == {picture: answer.label for picture, answer in expected.answers(name).items()}

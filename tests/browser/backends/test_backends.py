"""The choice of a backend: by its results and speed, replaced when it fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.launch import launched
from tests.browser.parity import open_harness
from tests.browser.parted import next_version
from tests.browser.server import Host, Hosting
from tests.patience import PATIENCE_MS

MODEL = "mobilenet_emotion"
ZEROS = "new Float32Array(3 * 224 * 224)"


@pytest.fixture
def opened(page: Page, demo_host: Host) -> Page:
    open_harness(page, demo_host)
    return page


HANGING = 15_000
"""Milliseconds after which a test gives a backend up that never answers. Those beside it answer by then."""


def with_faulty(page: Page, name: str, run: str, patience: float = PATIENCE_MS) -> None:
    """Replace the backends called `name` by one whose `run(tensor, batch, right)` is `run`.

    A run may take `patience` milliseconds.
    """
    page.evaluate(
        """([name, patience]) => {
            const wrap = (backend) => backend.name !== name ? backend : {
                ...backend,
                run: (tensor, batch) => globalThis.faulty(tensor, batch, (...call) => backend.run(...call)),
            };
            globalThis[Symbol.for("torch2web.seam")] = { wrap, patience };
        }""",
        [name, patience],
    )
    page.evaluate(f"() => {{ globalThis.faulty = {run}; }}")


LOAD = f"""async ([name, options]) => {{
    const model = await torch2web.loadModel(name, {{ worker: false, ...options }});
    const logits = [...await model.run({ZEROS})];
    return {{ backend: model.backend, logits }};
}}"""

PREFERRED = ["compiled", "wasm"]


def test_wrong_backend_is_demoted(opened: Page) -> None:
    right = opened.evaluate(LOAD, [MODEL, {"backends": ["wasm"], "threads": 1}])
    with_faulty(
        opened,
        "compiled",
        "async (tensor, batch, run) => (await run(tensor, batch)).map((logit) => logit * 1.01)",
    )
    found = opened.evaluate(LOAD, [MODEL, {"backends": PREFERRED, "threads": 1}])
    assert found["backend"]["name"] == "wasm"
    (rejected,) = found["backend"]["rejected"]
    assert rejected["name"] == "compiled"
    assert rejected["maxAbsDiff"] > 1e-3
    assert "is off by" in rejected["reason"]
    assert found["logits"] == right["logits"]


def test_nan_is_demoted_too(opened: Page) -> None:
    with_faulty(opened, "compiled", "async () => new Float32Array(8).fill(NaN)")
    found = opened.evaluate(LOAD, [MODEL, {"backends": PREFERRED, "threads": 1}])
    assert found["backend"]["name"] == "wasm"


def test_hanging_backend_is_demoted(opened: Page) -> None:
    with_faulty(opened, "compiled", "() => new Promise(() => {})", HANGING)
    found = opened.evaluate(LOAD, [MODEL, {"backends": PREFERRED, "threads": 1}])
    assert found["backend"]["name"] == "wasm"
    assert "gave no answer" in found["backend"]["rejected"][0]["reason"]


def test_nothing_left_says_why(opened: Page) -> None:
    with_faulty(opened, "wasm", "async () => new Float32Array(8)")
    options = {"backends": ["wasm"], "threads": 1}
    call = (
        "([name, options]) => torch2web.loadModel(name, { worker: false, ...options }).catch(probe.describe)"
    )
    error = opened.evaluate(call, [MODEL, options])
    assert error["error"] == "BackendError"
    assert "would be wrong" in error["message"]


def test_backend_lost_between_two_predictions(opened: Page) -> None:
    """The prediction succeeds with another backend."""
    result = opened.evaluate(
        f"""async name => {{
            let lost = false;
            const wrap = (backend) => backend.name !== "compiled" ? backend : {{
                ...backend,
                run(...call) {{
                    if (lost) throw new torch2web.BackendError("the device was lost");
                    return backend.run(...call);
                }},
            }};
            globalThis[Symbol.for("torch2web.seam")] = {{ wrap }};
            const options = {{ worker: false, threads: 1, backends: ["compiled", "wasm"] }};
            const model = await torch2web.loadModel(name, options);
            const before = [...await model.run({ZEROS})];
            const name_before = model.backend.name;
            lost = true;
            const after = [...await model.run({ZEROS})];
            const {{ backend }} = model;
            return {{ before, after, name_before, backend }};
        }}""",
        MODEL,
    )
    assert result["name_before"] == "compiled"
    assert result["backend"]["name"] == "wasm"
    assert "the device was lost" in result["backend"]["rejected"][0]["reason"]
    differences = [abs(a - b) for a, b in zip(result["before"], result["after"], strict=True)]
    assert max(differences) < 1e-4


def test_outcome_is_remembered_and_forgotten(page: Page, demo_host: Host) -> None:
    """Stored for device and build; a backend forced by the page is not stored."""
    open_harness(page, demo_host)
    load = f"""async name => {{
        const model = await torch2web.loadModel(name, {{ worker: false }});
        await model.run({ZEROS});
        const {{ backend }} = model;
        await model.dispose();
        return backend;
    }}"""
    first = page.evaluate(load, MODEL)
    assert "found out before" not in first["reason"]
    second = page.evaluate(load, MODEL)
    assert "found out before" in second["reason"]
    assert (second["name"], second["threads"]) == (first["name"], first["threads"])
    assert second["rejected"] == [], "nothing else was tried"
    assert page.evaluate("torch2web.clearCache()")
    assert "found out before" not in page.evaluate(load, MODEL)["reason"]


def test_outcome_is_not_that_of_another_build(
    page: Page, small_site: Path, tmp_path: Path, host_of: Hosting
) -> None:
    """The same loader at the same address, with another model."""
    host = host_of(small_site)
    load = "name => torch2web.loadModel(name, { worker: false }).then(({ backend }) => backend.reason)"
    reasons = []
    for site in (small_site, small_site, next_version(small_site, tmp_path)):
        host.replace(site)
        open_harness(page, host)
        reasons.append(page.evaluate(load, MODEL))
    assert ["found out before" in reason for reason in reasons] == [False, True, False]


@pytest.mark.parametrize("wish", [["webgpu"], ["cuda"], []])
def test_requested_backend_that_is_unavailable(opened: Page, wish: list[str]) -> None:
    call = "([name, backends]) => torch2web.loadModel(name, { backends }).catch(probe.describe)"
    error = opened.evaluate(call, [MODEL, wish])
    assert error["error"] == "BackendError"
    expected = "no graphics adapter" if wish == ["webgpu"] else "No such backend"
    assert expected in error["message"]


def test_device_without_an_adapter_never_fetches_webgpu(opened: Page, demo_host: Host) -> None:
    opened.evaluate(LOAD, [MODEL, {}])
    assert [path for path in demo_host.requests if "jspi" in path] == []


@pytest.fixture
def tiny_host(tiny_site: Path, host_of: Hosting) -> Host:
    return host_of(tiny_site)


@pytest.fixture
def software_adapter(browser: Browser, tiny_host: Host) -> Iterator[Page]:
    """A page with WebGPU in software: precise enough to compare, and so slow that networks must be tiny."""
    flags = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
    with launched(browser.browser_type, *flags) as chromium:
        page = chromium.new_page()
        page.set_default_timeout(PATIENCE_MS)
        open_harness(page, tiny_host)
        yield page


def test_webgpu_gives_the_right_numbers(software_adapter: Page, tiny_host: Host) -> None:
    """In the worker, and only where the page asks for it, since the download is large."""
    violations: list[str] = []
    software_adapter.on("console", lambda message: violations.append(message.text))
    load = LOAD.replace("worker: false, ", "").replace(ZEROS, "new Float32Array(3 * 32 * 32).fill(0.7)")
    right = software_adapter.evaluate(load, ["tiny", {"backends": ["wasm"], "threads": 1}])
    software_adapter.evaluate(load, ["tiny", {}])
    assert [path for path in tiny_host.requests if "jspi" in path] == []
    found = software_adapter.evaluate(load, ["tiny", {"backends": ["webgpu"]}])
    assert found["backend"]["name"] == "webgpu"
    assert 0 < found["backend"]["selfCheck"]["maxAbsDiff"] <= found["backend"]["selfCheck"]["tolerance"]
    differences = [abs(a - b) for a, b in zip(found["logits"], right["logits"], strict=True)]
    assert 0 < max(differences) < 1e-3
    assert [text for text in violations if "Content Security Policy" in text] == []

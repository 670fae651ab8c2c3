"""A backend that is right at first and wrong later: no wrong prediction reaches the page."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.backends.test_backends import HANGING, MODEL, with_faulty
from tests.browser.parity import open_harness
from tests.browser.server import Hosting

PREPARE = """async ([name, options]) => {
    globalThis.broken = false;
    globalThis.warnings = [];
    console.warn = (text) => warnings.push(text);
    globalThis.tensorOf = (seed, batch = 1) =>
        new Float32Array(batch * 3 * 224 * 224).map((_, i) => Math.sin(i * seed + i % (seed + 7)));
    const right = await torch2web.loadModel(name, { worker: false, backends: ["wasm"], threads: 1 });
    globalThis.right = async (...tensor) => [...await right.run(tensorOf(...tensor))];
    if (options.threads === null) options.threads = undefined;
    globalThis.model = await torch2web.loadModel(name, {
        worker: false, backends: ["compiled", "wasm"], threads: 1, ...options,
    });
    globalThis.answer = async (...tensor) => [...await model.run(tensorOf(...tensor))];
    return model.backend;
}"""


@pytest.fixture
def opened(page: Page, small_site: Path, host_of: Hosting) -> Page:
    open_harness(page, host_of(small_site))
    return page


def same(answer: list[float], right: list[float]) -> bool:
    return answer == pytest.approx(right, abs=1e-4)


FROM_THE_START = {
    "right once alone": "async (tensor, batch, run) => { globalThis.n = (globalThis.n ?? 0) + 1; "
    "return (await run(tensor, batch)).map((logit) => logit + (n > 1)); }",
    "wrong at batch 1 alone": "async (tensor, batch, run) => "
    "(await run(tensor, batch)).map((logit) => logit + (batch === 1))",
    "the answer before": "async (tensor, batch, run) => { const before = globalThis.before; "
    "globalThis.before = await run(tensor, batch); "
    "return before?.length === globalThis.before.length ? before : globalThis.before; }",
    "the other face's": "async (tensor, batch, run) => { const logits = await run(tensor, batch); "
    "return batch < 2 ? logits : new Float32Array([...logits.slice(4), ...logits.slice(0, 4)]); }",
    "too few numbers": "async (tensor, batch, run) => (await run(tensor, batch)).slice(1)",
}


@pytest.mark.parametrize("fault", FROM_THE_START.values(), ids=FROM_THE_START.keys())
def test_refused_before_its_first_answer(opened: Page, fault: str) -> None:
    with_faulty(opened, "compiled", fault)
    backend = opened.evaluate(PREPARE, [MODEL, {}])
    assert backend["name"] == "wasm"
    (rejected,) = backend["rejected"]
    assert rejected["name"] == "compiled"
    assert "in the self-check" in rejected["reason"]


def test_each_timed_run_is_compared(opened: Page) -> None:
    """A candidate is run several times to be timed, and is wrong in the last run."""
    fault = (
        "async (tensor, batch, run) => { globalThis.n = (globalThis.n ?? 0) + 1; "
        "return (await run(tensor, batch)).map((logit) => logit + (n > 3)); }"
    )
    opened.evaluate("Object.defineProperty(navigator, 'hardwareConcurrency', { value: 2 })")
    with_faulty(opened, "compiled", fault)
    backend = opened.evaluate(PREPARE, [MODEL, {"threads": None}])
    first = backend["rejected"][0]
    assert (first["name"], first["threads"]) == ("compiled", 2)
    assert "off by" in first["reason"]


LATER = {
    "not a number": "logits.fill(NaN, 2)",
    "infinite": "logits.fill(Infinity)",
    "zeros, as of a buffer that is not written": "logits.fill(0)",
    "the answer before": "(globalThis.before ??= logits)",
    "too few numbers": "logits.slice(1)",
    "too many numbers": "new Float32Array([...logits, 0])",
}


def later(logits: str) -> str:
    return f"""async (tensor, batch, run) => {{
        const logits = await run(tensor, batch);
        return broken ? {logits} : logits;
    }}"""


@pytest.mark.parametrize("fault", LATER.values(), ids=LATER.keys())
def test_replaced_before_a_wrong_answer(opened: Page, fault: str) -> None:
    """Zeros and stale outputs are detected when they repeat: one may be shown, but no second one."""
    with_faulty(opened, "compiled", later(fault))
    assert opened.evaluate(PREPARE, [MODEL, {}])["name"] == "compiled"
    found: dict[str, Any] = opened.evaluate(
        """async () => {
            const before = await answer(1);
            broken = true;
            const first = await answer(2);
            const answers = [await answer(3), await answer(4)];
            const [rightFirst, ...rightOnes] = [await right(2), await right(3), await right(4)];
            return { before, first, answers, right: rightOnes, rightFirst, backend: model.backend, warnings };
        }"""
    )
    assert all(same(*pair) for pair in zip(found["answers"], found["right"], strict=True))
    if "logits.slice" in fault or "NaN" in fault or "Infinity" in fault:
        assert same(found["first"], found["rightFirst"])
    assert found["backend"]["name"] == "wasm"
    assert found["backend"]["rejected"][0]["name"] == "compiled"
    assert len(found["warnings"]) == 1


def test_checked_at_a_new_batch_size(opened: Page) -> None:
    with_faulty(
        opened,
        "compiled",
        "async (tensor, batch, run) => (await run(tensor, batch)).map((logit) => logit + (batch === 3))",
    )
    assert opened.evaluate(PREPARE, [MODEL, {}])["name"] == "compiled"
    found = opened.evaluate(
        """async () => ({ two: await answer(1, 2), name: model.backend.name,
            three: await answer(1, 3), right: await right(1, 3), backend: model.backend })"""
    )
    assert found["name"] == "compiled"
    assert found["backend"]["name"] == "wasm"
    assert same(found["three"], found["right"])


@pytest.mark.parametrize("fault", ["logits.map((logit) => logit * 1.01)", "logits.fill(0)"])
def test_checked_again_when_idle(opened: Page, fault: str) -> None:
    with_faulty(opened, "compiled", later(fault))
    assert opened.evaluate(PREPARE, [MODEL, {}])["name"] == "compiled"
    opened.evaluate("answer(1)")
    opened.evaluate("() => { broken = true; }")
    opened.wait_for_function("() => model.backend.name === 'wasm'")
    (warning,) = opened.evaluate("warnings")
    assert "self-check" in warning


def test_nothing_left_is_an_error_at_every_call(opened: Page) -> None:
    with_faulty(opened, "compiled", later("logits.fill(NaN)"))
    opened.evaluate(PREPARE, [MODEL, {"backends": ["compiled"]}])
    found = opened.evaluate(
        """async () => {
            broken = true;
            const errors = [await answer(1).catch(probe.describe)];
            broken = false;
            errors.push(await answer(2).catch(probe.describe));
            return { errors, backend: model.backend };
        }"""
    )
    assert [error["error"] for error in found["errors"]] == ["BackendError"] * 2
    assert "NaN" in found["errors"][0]["message"]
    assert len(found["backend"]["rejected"]) == 1


def test_run_that_never_ends_is_replaced(opened: Page) -> None:
    fault = "(tensor, batch, run) => broken ? new Promise(() => {}) : run(tensor, batch)"
    with_faulty(opened, "compiled", fault, HANGING)
    opened.evaluate(PREPARE, [MODEL, {}])
    found = opened.evaluate(
        """async () => {
            broken = true;
            return { answer: await answer(1), right: await right(1), backend: model.backend };
        }"""
    )
    assert same(found["answer"], found["right"])
    assert "no answer within" in found["backend"]["rejected"][0]["reason"]


def test_nan_is_named(opened: Page) -> None:
    opened.evaluate(PREPARE, [MODEL, {}])
    for worker in (False, True):
        found = opened.evaluate(
            """async ([name, worker]) => {
                const model = await torch2web.loadModel(name, { worker });
                const tensors = [tensorOf(1), tensorOf(1), undefined, [1, 2]];
                tensors[0][7] = NaN;
                tensors[1][150_000] = -Infinity;
                const errors = [];
                for (const tensor of tensors) errors.push(await model.run(tensor).catch(probe.describe));
                return { errors, rejected: model.backend.rejected };
            }""",
            [MODEL, worker],
        )
        assert [error["error"] for error in found["errors"]] == ["RangeError"] * 4
        assert "found NaN at index 7" in found["errors"][0]["message"]
        assert "found -Infinity at index 150000" in found["errors"][1]["message"]
        assert "Undefined" in found["errors"][2]["message"]
        assert [entry["reason"] for entry in found["rejected"] if "failed" in entry["reason"]] == []


def test_overflow_is_blamed_on_the_tensor(opened: Page) -> None:
    """The golden input distinguishes a tensor that overflows from a wrong backend."""
    fault = """async (tensor, batch, run) => {
        const logits = await run(tensor, batch);
        return tensor[0] > 1e30 ? logits.fill(Infinity) : logits;
    }"""
    with_faulty(opened, "compiled", fault)
    opened.evaluate(PREPARE, [MODEL, {}])
    found = opened.evaluate(
        """async () => {
            const error = await model.run(tensorOf(1).fill(3e38)).catch(probe.describe);
            return { error, name: model.backend.name };
        }"""
    )
    assert found["error"]["error"] == "RangeError"
    assert "overflow" in found["error"]["message"]
    assert found["name"] == "compiled"

"""The golden input again, later: a backend that was right for a while is replaced, and its answers told."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.backends.test_backends import MODEL
from tests.browser.page.states import LATER_WRONG
from tests.browser.parity import open_harness
from tests.browser.server import Host, Hosting
from tests.browser.shown import READY


@pytest.fixture
def host(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site)


@pytest.fixture
def opened(page: Page, host: Host) -> Page:
    open_harness(page, host)
    page.evaluate("() => import('/harness/recheck.js')")
    return page


def load(page: Page, *, two: bool = False) -> None:
    assert page.evaluate("args => loadQuick(...args)", [MODEL, two]) == "compiled"


def test_after_10_and_100_and_each_1000_answers(opened: Page) -> None:
    """Each takes a hundredth of the time at most: that after 100 waits until 990 ms after the first one."""
    load(opened)
    opened.evaluate("predict(2150)")
    first, second, *others = opened.evaluate("checks()")
    assert (first, others) == (10, [1000, 2000])
    assert 100 <= second <= 110
    opened.evaluate("async () => { runs.length = 0; await pass(200_000); }")
    assert opened.evaluate("checks()") == [2150], "a minute after the last one"
    opened.evaluate("async () => { await pass(200_000); await predict(1); await pass(200_000); }")
    assert opened.evaluate("checks()") == [2150, 2151], "none without an answer"


def test_a_single_answer_is_followed_by_one(opened: Page) -> None:
    load(opened)
    opened.evaluate("async () => { await predict(1); await pass(990); }")
    assert opened.evaluate("checks()") == []
    opened.evaluate("pass(20)")
    assert opened.evaluate("checks()") == [1]


def test_takes_a_hundredth_of_the_runs_at_most(opened: Page) -> None:
    """However often the page is hidden."""
    load(opened)
    opened.evaluate(
        "async () => { for (let i = 0; i < 600; i++) { hide(true); hide(false); await predict(1); } }"
    )
    assert len(opened.evaluate("checks()")) in (6, 7)


@pytest.mark.parametrize("right", [9, 60])
def test_found_out_and_its_answers_told(opened: Page, right: int) -> None:
    load(opened)
    found: dict[str, Any] = opened.evaluate(
        """async (right) => {
            globalThis.loading = true; // of the next backend
            const times = [];
            for (let i = 0; i < 120; i++) {
                globalThis.broken ||= i >= right;
                clock.now += 1; // apart from one another
                times.push((await model.predict(new ImageData(9, 9))).time);
                if (!doubts.length) await pass(0);
            }
            while (model.backend.name === "compiled") await pass(10);
            const [doubt] = doubts;
            const told = times.map((time) => time >= doubt.since && time <= doubt.until);
            return { told, doubts, backend: model.backend, warnings };
        }""",
        right,
    )
    (doubt,) = found["doubts"]
    assert doubt["model"] == MODEL
    assert doubt["backend"]["name"] == "compiled"
    assert doubt["backend"]["maxAbsDiff"] == pytest.approx(1, abs=1e-3)
    told = [index for index, is_told in enumerate(found["told"]) if is_told]
    # Since the check after the tenth, or since the model was loaded.
    first = 0 if right == 9 else 10
    assert told == list(range(first, told[-1] + 1))
    assert doubt["count"] == len(told) > right - first
    assert found["backend"]["name"] == "wasm"
    assert found["backend"]["rejected"][0] == doubt["backend"]
    (warning,) = found["warnings"]
    assert f"Its last answers ({doubt['count']}) may be wrong too" in warning


def test_after_the_page_was_hidden(opened: Page) -> None:
    """Without a call: the next answer is right."""
    load(opened)
    found = opened.evaluate(
        """async () => {
            await predict(3);
            await pass(100_000);
            Object.assign(globalThis, { broken: true, loading: true });
            hide(true);
            await pass(1000);
            const hidden = model.backend.name;
            hide(false);
            while (model.backend.name === "compiled") await pass(10);
            return { hidden, doubts };
        }"""
    )
    assert found == {"hidden": "compiled", "doubts": []}, "no answer since the check before"


def test_lost_device_is_replaced_without_a_call(opened: Page) -> None:
    load(opened)
    found = opened.evaluate(
        """async () => {
            await predict(2);
            globalThis.loading = true; // of the next backend
            lose("it was unplugged");
            while (model.backend.name === "compiled") await pass(10);
            await pass(1000);
            const checks = runs.filter((run) => run.startsWith("wasm check")).length;
            return { backend: model.backend, doubts, checks, logits: [...await model.run(tensor)] };
        }"""
    )
    assert found["backend"]["name"] == "wasm"
    assert "lost its device: it was unplugged" in found["backend"]["rejected"][0]["reason"]
    assert found["doubts"] == [], "nothing says that they were wrong"
    assert found["checks"] >= 4, "three before its first answer, one or more in idle moments"
    assert len(found["logits"]) == 4


def test_call_waits_for_one_check_at_most(opened: Page) -> None:
    """Two models are due: while one is checked, the other one answers, and is checked later."""
    load(opened, two=True)
    order = opened.evaluate(
        """async () => {
            let release;
            globalThis.hold = new Promise((done) => { release = done; });
            hide(false);
            await pass(100);
            const started = [...runs];
            const calls = [model, other].map((one) => one.run(tensor));
            await pass(10);
            release();
            globalThis.hold = undefined;
            await Promise.all(calls);
            const between = runs.map((run) => run.split(" ")[1]);
            await pass(10_000);
            return { started: started.length, between, all: runs.map((run) => run.split(" ")[1]) };
        }"""
    )
    assert order["started"] == 1
    assert order["between"] == ["check", "answer", "answer"]
    assert order["all"].count("check") == 2


SHIM = """import "/seam.js";
import "/torch2web.js";
"""

SEAM = """
let runs = 0;
const RIGHT = Number(new URL(globalThis.location).search.slice(1));
const wrap = (backend) => backend.name !== "compiled" ? backend : {
    ...backend,
    async run(tensor, batch) {
        const logits = await backend.run(tensor, batch);
        return ++runs > RIGHT ? logits.map((logit) => logit + 1) : logits;
    },
};
globalThis[Symbol.for("torch2web.seam")] = { wrap };
"""


@pytest.fixture
def faulty_worker(page: Page, host: Host, tmp_path: Path) -> Page:
    """A page with a script for workers that compute wrong numbers after so many runs: `/shim.js?20`."""
    for name, content in (("shim.js", SHIM), ("seam.js", SEAM)):
        (tmp_path / name).write_text(content)
        host.extras[name] = tmp_path / name
    open_harness(page, host)
    return page


def test_in_the_worker(faulty_worker: Page) -> None:
    """Also of an ensemble, which goes on with the new backend."""
    found = faulty_worker.evaluate(
        """async (name) => {
            const doubts = [];
            const ensemble = await torch2web.loadEnsemble([name, name], {
                backends: ["compiled", "wasm"], threads: 1, worker: "/shim.js?20",
                onDoubtful: (doubt) => doubts.push(doubt),
            });
            const image = new ImageData(30, 30);
            const times = [];
            while (!doubts.length) {
                const { predictions } = await ensemble.predict(image);
                times.push(...predictions.map(({ time }) => time));
            }
            const [{ since, until, count }] = doubts;
            const used = ensemble.models.map(({ worker }) => worker.used);
            const after = [];
            while (!ensemble.models.every(({ backend }) => backend.name === "wasm"))
                after.push((await ensemble.predict(image)).label);
            const backends = ensemble.models.map(({ backend }) => backend);
            const told = times.filter((time) => time >= since && time <= until).length;
            const last = (await ensemble.predict(image)).predictions.length;
            return { used, times: times.length, count, told, backends, last };
        }""",
        MODEL,
    )
    assert found["used"] == [True, True]
    assert 0 < found["count"] <= found["times"]
    assert found["told"] >= found["count"]
    assert [backend["name"] for backend in found["backends"]] == ["wasm", "wasm"]
    assert all("is off by" in backend["rejected"][0]["reason"] for backend in found["backends"])
    assert found["last"] == 2


def test_page_tells_the_worker_that_it_came_back(faulty_worker: Page) -> None:
    found = faulty_worker.evaluate(
        """async (name) => {
            const options = { backends: ["compiled", "wasm"], threads: 1, worker: "/shim.js?3" };
            const model = await torch2web.loadModel(name, options);
            const wait = (time) => new Promise((done) => setTimeout(done, time));
            await wait(1500);
            const before = model.backend.name;
            document.dispatchEvent(new Event("visibilitychange"));
            while (model.backend.name === "compiled") await wait(20);
            return { before, reason: model.backend.rejected[0].reason };
        }""",
        MODEL,
    )
    assert found["before"] == "compiled"
    assert "is off by" in found["reason"]


NEGATED = SEAM.replace("logit + 1", "-logit")

WATCHED_IN_PAGE = """
globalThis.broken = false;
const wrap = (backend) => backend.name !== "compiled" ? backend : {
    ...backend,
    lost: new Promise((lose) => { globalThis.lose = lose; }),
    run: async (...call) => (await backend.run(...call)).map((logit) => broken ? -logit : logit),
};
globalThis[Symbol.for("torch2web.seam")] = { wrap };
"""

WATCH = """async ([name, how]) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "teal";
    pen.fillRect(0, 0, 64, 64);
    const still = pen.getImageData(0, 0, 64, 64);
    // The same picture again and again.
    const timer = setInterval(() => pen.putImageData(still, 0, 0), 30);
    const stream = canvas.captureStream();

    const options = { backends: ["compiled", "wasm"], threads: 1 };
    const reference = await torch2web.loadModel(name, { ...options, backends: ["wasm"], worker: false });
    const doubts = [], told = [], answers = [];
    const model = await torch2web.loadModel(name, {
        ...options,
        worker: how === "in the worker" ? "/shim.js?60" : false,
        onDoubtful: (doubt) => doubts.push(doubt),
    });
    let calls = 0, running = 0, most = 0;
    const watched = {
        info: model.info,
        watch: model.watch,
        get backend() { return model.backend; },
        async predict(...call) {
            calls++;
            most = Math.max(most, ++running);
            try { return await model.predict(...call); } finally { running--; }
        },
    };
    const video = Object.assign(document.createElement("video"), { srcObject: stream, muted: true });
    await video.play();
    const right = (await reference.predict(video)).probabilities;
    let sinceReplaced = 0;
    const onError = (error) => told.push(String(error));
    for await (const prediction of watched.watch(video, { smoothing: 0.9, onError })) {
        const backend = model.backend.name;
        answers.push({ ...prediction, backend });
        if (answers.length === 20 && how === "wrong") {
            broken = true;
            document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
        }
        if (answers.length === 20 && how === "lost") lose("it was unplugged");
        if (backend === "wasm" && ++sinceReplaced === 8) break;
        if (answers.length === 3000) break;
    }
    clearInterval(timer);
    const after = answers.filter(({ backend }) => backend === "wasm").slice(1);
    const off = (prediction) => Math.max(...prediction.probabilities.map((p, i) => Math.abs(p - right[i])));
    const [doubt] = doubts;
    const wrong = answers.filter((answer) => off(answer) > 1e-3);
    return {
        calls, answers: answers.length, most, told, after: after.map(off), wrong: wrong.length,
        doubts: doubts.length,
        untold: wrong.filter(({ time }) => !(time >= doubt?.since && time <= doubt?.until)).length,
        ordered: answers.every(({ time }, i) => !i || time > answers[i - 1].time),
        rejected: model.backend.rejected.map(({ reason }) => reason),
    };
}"""


@pytest.mark.parametrize("how", ["wrong", "lost", "in the worker"])
def test_watching_goes_on_with_the_next_backend(page: Page, host: Host, tmp_path: Path, how: str) -> None:
    """One answer for each frame, one at a time; smoothing mixes in no answers of the wrong backend."""
    for name, content in (("shim.js", SHIM), ("seam.js", NEGATED)):
        (tmp_path / name).write_text(content)
        host.extras[name] = tmp_path / name
    open_harness(page, host)
    if how != "in the worker":
        page.evaluate(f"() => {{ {WATCHED_IN_PAGE} }}")
    found = page.evaluate(WATCH, [MODEL, how])
    assert (found["most"], found["told"], found["ordered"]) == (1, [], True)
    assert found["calls"] == found["answers"]
    assert len(found["after"]) == 7
    assert max(found["after"]) <= 1e-3
    (reason,) = found["rejected"]
    if how == "lost":
        assert "lost its device: it was unplugged" in reason
        assert (found["wrong"], found["doubts"]) == (0, 0)
    else:
        assert "is off by" in reason
        assert found["doubts"] == 1
        assert found["untold"] == 0, "each wrong answer is among those that were told"


@pytest.fixture
def later_wrong(context: BrowserContext) -> Page:
    """A page without workers, whose compiled engine is wrong as soon as `broken` is true."""
    context.add_init_script(LATER_WRONG)
    return context.new_page()


def test_page_says_so_and_answers_again(later_wrong: Page, host: Host) -> None:
    later_wrong.goto(host.url)
    later_wrong.wait_for_selector(READY)
    assert "compiled engine" in (later_wrong.text_content("#backend") or "")
    label = later_wrong.text_content("#label")
    later_wrong.evaluate("breakIt()")
    later_wrong.wait_for_selector("#doubted:visible")
    assert "Its last answer may be wrong." in later_wrong.inner_text("#doubted")
    later_wrong.wait_for_function(
        "() => document.getElementById('backend').textContent.includes('onnxruntime-web')"
    )
    assert later_wrong.text_content("#label") == label


def test_element_tells_its_page(later_wrong: Page, host: Host) -> None:
    open_harness(later_wrong, host)
    found = later_wrong.evaluate(
        """async () => {
            await import("/torch2web-element.js");
            const element = document.createElement("image-classifier");
            element.setAttribute("lang", "de");
            document.body.append(element);
            const told = new Promise((done) => document.body.addEventListener("doubtful", done));
            await element.predict("/samples/bored-1.jpg");
            breakIt();
            const { detail } = await told;
            const text = element.shadowRoot.querySelector(".status").textContent;
            return { detail, text };
        }"""
    )
    assert found["detail"]["count"] == 1
    assert "is off by" in found["detail"]["backend"]["reason"]
    assert found["text"].startswith("Die letzten Antworten können falsch sein")

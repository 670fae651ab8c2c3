"""`watch`: the label follows what a camera shows. The camera is Chromium's fake one, fed with drawn faces."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.camera import SHOWN
from tests.browser.parity import open_harness
from tests.browser.server import Host

MODEL = "mobilenet_emotion"


@pytest.fixture
def camera(camera_browser: Browser, demo_host: Host) -> Iterator[Page]:
    context = camera_browser.new_context(permissions=["camera"])
    page = context.new_page()
    open_harness(page, demo_host)
    page.evaluate(
        """async name => {
            window.model = await torch2web.loadModel(name);
            window.stream = await navigator.mediaDevices.getUserMedia({ video: true });
            window.timedModel = (times) => ({ // whose predictions note when they begin
                info: model.info,
                watch: model.watch,
                predict(...call) {
                    times.push(performance.now());
                    return model.predict(...call);
                },
            });
            window.stillVideo = () => { // shows what `show` paints, and nothing else
                const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
                const context = canvas.getContext("2d"), still = canvas.captureStream(0);
                const [track] = still.getVideoTracks();
                const video = document.createElement("video");
                Object.assign(video, { srcObject: still, muted: true });
                let shown = 0;
                const count = () => video.requestVideoFrameCallback(() => { shown++; count(); });
                count();
                const show = async (colour) => {
                    const before = shown;
                    let asked = -Infinity;
                    await until(() => {
                        if (shown > before) return true;
                        if (performance.now() > asked + 10_000) { // a busy browser loses some
                            asked = performance.now();
                            context.fillStyle = colour;
                            context.fillRect(0, 0, 64, 64);
                            track.requestFrame();
                        }
                    });
                };
                return { video, show };
            };
            window.modelThatFirst = (does) => { // before it answers for the first time
                const found = { calls: 0, info: model.info, watch: model.watch };
                found.predict = async (...call) => {
                    if (++found.calls === 1) await does();
                    return model.predict(...call);
                };
                return found;
            };
            window.wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
            window.until = async (condition) => {
                const end = performance.now() + 120_000;
                while (!condition()) {
                    if (performance.now() > end) throw new Error(`not within 120 s: ${condition}`);
                    await wait(20);
                }
            };
        }""",
        MODEL,
    )
    yield page
    context.close()


def test_label_follows_the_face(camera: Page) -> None:
    """Whichever face is first; a slow machine may skip one that is shown while it answers."""
    camera.evaluate(
        """() => {
            window.seen = [];
            window.watch = model.watch(stream, ({ label }) => seen.push(label), { smoothing: 0.3 });
        }"""
    )
    camera.wait_for_function("() => new Set(seen).size === 4")
    found = camera.evaluate(
        """async () => {
            watch.stop();
            const { length } = seen;
            await wait(1000);
            return { seen: [...new Set(seen)], late: seen.length - length, live: stream.active };
        }"""
    )
    assert found["late"] == 0, "nothing comes after stop()"
    assert found["live"], "the camera is the page's"
    assert set(found["seen"]) == set(SHOWN)


def test_rate_and_smoothing(camera: Page) -> None:
    result = camera.evaluate(
        """async () => {
            const video = Object.assign(document.createElement("video"), { srcObject: stream, muted: true });
            await video.play();
            const times = [], sums = [];
            const timed = timedModel(times);
            const watch = timed.watch(video, ({ probabilities }) => {
                sums.push(probabilities.reduce((sum, p) => sum + p, 0));
            }, { maxRate: 4, smoothing: 0.5 });
            await until(() => sums.length >= 6);
            watch.stop();
            const wrong = [{ maxRate: 0 }, { smoothing: 1 }, { smoothing: NaN }].map((options) => {
                try { model.watch(video, () => {}, options); } catch (error) { return error.name; }
            });
            return { times, sums, wrong };
        }"""
    )
    gaps = [b - a for a, b in pairwise(result["times"])]
    assert sum(gaps) / len(gaps) > 240, "no more than four frames a second are asked about"
    assert all(abs(total - 1) < 1e-6 for total in result["sums"])
    assert result["wrong"] == ["RangeError"] * 3


def test_rate_can_be_changed_while_it_watches(camera: Page) -> None:
    found = camera.evaluate(
        """async () => {
            const times = [], options = { maxRate: 1000, smoothing: 0 };
            let error = "";
            const timed = timedModel(times);
            options.onError = ({ name }) => (error = name);
            const watch = timed.watch(stream, () => {}, options);
            await until(() => times.length >= 3);
            Object.assign(options, { maxRate: 2, smoothing: 0.5 });
            const changed = times.length;
            await until(() => times.length >= changed + 5);
            options.smoothing = 1;
            await until(() => error);
            return { slow: times.slice(changed), error };
        }"""
    )
    gaps = [b - a for a, b in pairwise(found["slow"])]
    assert min(gaps[1:]) > 450, "as from the next frame on"
    assert found["error"] == "RangeError"


def test_hidden_page_pauses(camera: Page) -> None:
    result = camera.evaluate(
        """async () => {
            let answers = 0, running = 0;
            const counted = {
                info: model.info,
                watch: model.watch,
                async predict(...call) {
                    running++;
                    try { return await model.predict(...call); } finally { running--; }
                },
            };
            const watch = counted.watch(stream, () => answers++);
            await until(() => answers);
            let hidden = true;
            Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
            await wait(300); // the frame that it waited for
            await until(() => !running);
            const before = answers;
            await wait(1500);
            const resting = answers - before;
            hidden = false;
            document.dispatchEvent(new Event("visibilitychange"));
            await until(() => answers > before);
            watch.stop();
            return { resting };
        }"""
    )
    assert result["resting"] == 0


def test_failure_is_reported_and_ends_watching(camera: Page) -> None:
    problem = camera.evaluate(
        """async () => {
            const told = new Promise((onError) => model.watch(stream, () => {}, { onError }));
            await wait(500);
            await model.dispose();
            return probe.describe(await told);
        }"""
    )
    assert problem["error"] == "BackendError"
    assert "disposed" in problem["message"]


def test_end_of_the_stream_is_reported(camera: Page) -> None:
    problem = camera.evaluate(
        """async () => {
            const own = stream.clone();
            const told = new Promise((onError) => model.watch(own, () => {}, { onError }));
            await wait(500);
            for (const track of own.getTracks()) track.stop();
            return probe.describe(await told);
        }"""
    )
    assert problem["error"] == "DecodeError"
    assert "The stream has ended" in problem["message"]


def test_end_of_the_video_is_reported_and_it_may_play_on(camera: Page) -> None:
    """Once per end; its next stream is watched again."""
    found = camera.evaluate(
        """async () => {
            const video = document.createElement("video");
            Object.assign(video, { muted: true, srcObject: stream.clone() });
            await video.play();
            let answers = 0;
            const told = [];
            const onError = ({ message }) => told.push(message);
            const watch = model.watch(video, () => answers++, { onError });
            await until(() => answers);
            for (const track of video.srcObject.getTracks()) track.stop();
            await until(() => told.length);
            await wait(1500); // it is told once
            const before = answers;
            video.srcObject = stream;
            await video.play();
            await until(() => answers > before);
            watch.stop();
            return told;
        }"""
    )
    assert len(found) == 1
    assert "has ended" in found[0]


FAULTY_MODEL = """(fails) => {
    const { predict } = model;
    return {
        info: model.info,
        watch: model.watch,
        predict(...call) {
            if (fails()) throw new torch2web.DecodeError("from another origin without CORS");
            return model.predict(...call);
        },
    };
}"""


def test_failed_frames_are_skipped(camera: Page) -> None:
    found = camera.evaluate(
        f"""async () => {{
            let frame = 0, answers = 0;
            const told = [];
            const faulty = ({FAULTY_MODEL})(() => frame++ % 3 < 2);
            const onError = (error) => told.push(String(error));
            const watch = faulty.watch(stream, () => answers++, {{ onError }});
            await until(() => answers >= 2 || told.length);
            watch.stop();
            return told;
        }}"""
    )
    assert found == []


def test_camera_without_frames_is_reported(camera: Page) -> None:
    """Once, since frames may still come."""
    found = camera.evaluate(
        """async () => {
            const silent = document.createElement("canvas").captureStream(0);
            const told = [];
            const onError = ({ message }) => told.push(message);
            const watch = model.watch(silent, () => told.push("answer"), { onError });
            await until(() => told.length);
            await wait(3000);
            watch.stop();
            return told;
        }"""
    )
    assert found == ["The video has given no frame for 10 s."]


def test_many_failed_frames_end_watching_with_the_cause(camera: Page) -> None:
    found = camera.evaluate(
        f"""async () => {{
            const faulty = ({FAULTY_MODEL})(() => true);
            const started = performance.now();
            const error = await new Promise((onError) => faulty.watch(stream, () => {{}}, {{ onError }}));
            const took = performance.now() - started;
            return {{ ...probe.describe(error), cause: String(error.cause), took }};
        }}"""
    )
    assert found["error"] == "DecodeError"
    assert "frames, for 5 s, could not be read" in found["message"]
    assert "without CORS" in found["cause"]
    assert found["took"] >= 5000


def test_neither_function_nor_options_is_an_error_at_once(camera: Page) -> None:
    errors = camera.evaluate(
        """[[stream, null], [stream, 5], [null]].map((args) => {
            try { model.watch(...args); } catch (error) { return probe.describe(error); }
        })"""
    )
    assert [error["error"] for error in errors] == ["RangeError", "RangeError", "DecodeError"]
    assert "takes a callback" in errors[0]["message"]


def test_loop_gets_the_newest_frames_until_it_ends(camera: Page) -> None:
    """It ends by `break`, by `stop()`, or by an error, which is thrown."""
    found = camera.evaluate(
        """async () => {
            const labels = [];
            for await (const { label } of model.watch(stream, { maxRate: 20 })) {
                if (labels.push(label) === 3) break;
            }
            const watched = model.watch(stream);
            let ended = 0;
            for await (const { top } of watched) {
                watched.stop();
                ended = top.length;
            }
            const predict = async () => { throw new RangeError("broken"); };
            const broken = { info: model.info, watch: model.watch, predict };
            const all = async () => { for await (const one of broken.watch(stream)) labels.push(one); };
            const error = await all().then(() => "none", String);
            return { labels, ended, error, active: stream.active };
        }"""
    )
    assert len(found["labels"]) == 3
    assert found["ended"] == 4
    assert "RangeError" in found["error"]
    assert found["active"], "the camera stays on"


def test_camera_starts(camera: Page) -> None:
    """Each start gives a first prediction, even while page and device are busy."""
    found = camera.evaluate(
        """async () => {
            stream.getTracks().forEach((track) => track.stop());
            const load = setInterval(() => {
                const end = performance.now() + 40;
                while (performance.now() < end);
            }, 60);
            const failed = [];
            for (let start = 0; start < 100; start++) {
                const own = await navigator.mediaDevices.getUserMedia({ video: true });
                let watch;
                const answer = new Promise((resolve, reject) => {
                    watch = model.watch(own, resolve, { onError: reject });
                    setTimeout(() => reject(new Error("nothing for 60 s")), 60_000);
                });
                await answer.catch((error) => failed.push(String(error)));
                watch.stop();
                own.getTracks().forEach((track) => track.stop());
            }
            clearInterval(load);
            return failed;
        }"""
    )
    assert found == []


def test_slow_model_sees_the_newest_frame(camera: Page) -> None:
    """One call at a time: no queue builds up, however long a prediction takes."""
    result = camera.evaluate(
        """async () => {
            const { predict } = model;
            let running = 0, most = 0;
            const slow = {
                info: model.info,
                watch: model.watch,
                async predict(...call) {
                    most = Math.max(most, ++running);
                    await wait(400);
                    const prediction = await model.predict(...call);
                    running--;
                    return prediction;
                },
            };
            let answers = 0;
            const watch = model.watch.call(slow, stream, () => answers++);
            await until(() => answers >= 3);
            watch.stop();
            return most;
        }"""
    )
    assert result == 1


def test_frame_that_came_during_an_answer_is_not_waited_for_again(camera: Page) -> None:
    """The last of all frames comes while one is answered: it is answered too, and needs no other one."""
    answered = camera.evaluate(
        """async () => {
            const { video, show } = stillVideo();
            const slow = modelThatFirst(() => show("blue"));
            let answers = 0;
            const watch = slow.watch(video, () => answers++);
            void video.play();
            for (let i = 0; !slow.calls; i++) await show(`hsl(${i} 70% 50%)`);
            await until(() => answers >= 2);
            await wait(500);
            watch.stop();
            return answers;
        }"""
    )
    assert answered == 2


def test_frame_shown_while_the_page_was_hidden_is_not_answered(camera: Page) -> None:
    """Nobody saw it. The first frame afterwards is."""
    answered = camera.evaluate(
        """async () => {
            let hidden = false;
            Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
            const hide = (now) => {
                hidden = now;
                document.dispatchEvent(new Event("visibilitychange"));
            };
            const { video, show } = stillVideo();
            const slow = modelThatFirst(async () => {
                hide(true);
                await show("blue");
            });
            let answers = 0;
            const watch = slow.watch(video, () => answers++);
            void video.play();
            for (let i = 0; !slow.calls; i++) await show(`hsl(${i} 70% 50%)`);
            await until(() => answers);
            await wait(300);
            hide(false);
            await wait(700);
            const before = answers;
            await show("red");
            await until(() => answers > before);
            watch.stop();
            return [before, answers];
        }"""
    )
    assert answered == [1, 2]


def test_smoothing_is_an_exponential_average(camera: Page) -> None:
    """Of the probabilities; label and confidence follow them, while the logits are the frame's own."""
    result = camera.evaluate(
        """async () => {
            const given = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]];
            let frame = 0;
            const told = [];
            const model = {
                info: { labels: ["a", "b", "c", "d"] },
                watch: window.model.watch,
                predict: async () => ({ probabilities: given[Math.min(frame, 2)], logits: frame++ }),
            };
            await new Promise((resolve) => {
                const watch = model.watch(stream, (prediction) => {
                    told.push(prediction);
                    if (told.length === 3) { watch.stop(); resolve(); }
                }, { smoothing: 0.75 });
            });
            return told;
        }"""
    )
    assert [prediction["probabilities"] for prediction in result] == [
        [1, 0, 0, 0],
        [0.75, 0.25, 0, 0],
        [0.5625, 0.4375, 0, 0],
    ]
    assert [prediction["label"] for prediction in result] == ["a", "a", "a"]
    assert [prediction["confidence"] for prediction in result] == [1, 0.75, 0.5625]
    assert [prediction["logits"] for prediction in result] == [0, 1, 2]


def test_ensemble_is_watched_as_one_model(camera: Page) -> None:
    """The mean of both, smoothed, with each one's own prediction; as a loop too, with the same errors."""
    found = camera.evaluate(
        """async ([name, other]) => {
            const ensemble = await torch2web.loadEnsemble([name, other]);
            const seen = [];
            await new Promise((resolve) => {
                const watch = ensemble.watch(stream, (prediction) => {
                    if (seen.push(prediction) < 3) return;
                    watch.stop();
                    resolve();
                }, { maxRate: 20, smoothing: 0.5 });
            });
            const length = seen.length;
            const labels = [];
            for await (const { label } of ensemble.watch(stream)) if (labels.push(label) === 2) break;
            let wrong;
            try { ensemble.watch(stream, () => {}, { maxRate: 0 }); } catch (error) { wrong = error.name; }
            await ensemble.dispose();
            const told = await new Promise((onError) => ensemble.watch(stream, () => {}, { onError }));
            return {
                means: seen.map(({ probabilities }) => probabilities),
                members: seen.map(({ predictions }) => predictions.map(({ probabilities }) => probabilities)),
                labels, wrong, told: told.name, late: seen.length - length,
            };
        }""",
        [MODEL, "efficientnet_emotion"],
    )
    average = np.mean(found["members"][0], axis=0)
    for mean, members in zip(found["means"], found["members"], strict=True):
        average = (average + np.mean(members, axis=0)) / 2
        assert mean == pytest.approx(average, abs=1e-6)
    assert len(found["labels"]) == 2
    assert set(found["labels"]) <= set(SHOWN)
    assert (found["wrong"], found["told"], found["late"]) == ("RangeError", "BackendError", 0)

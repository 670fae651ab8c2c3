"""The loader's API, as an embedding page uses it."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.expected import Expected
from tests.browser.parity import open_harness
from tests.browser.server import Host, Hosting
from tests.browser.sites import script_of, weights_of

MODEL = "mobilenet_emotion"


@pytest.fixture
def host(demo_host: Host, page: Page) -> Host:
    open_harness(page, demo_host)
    return demo_host


@pytest.mark.usefixtures("host")
def test_exports(page: Page) -> None:
    assert page.evaluate("Object.keys(torch2web).sort()") == [
        "BackendError",
        "DecodeError",
        "DownloadError",
        "IntegrityError",
        "ManifestError",
        "SignatureError",
        "TaskError",
        "Torch2WebError",
        "cacheStatus",
        "clearCache",
        "listModels",
        "loadEnsemble",
        "loadModel",
        "similarity",
    ]


def test_loader_without_its_stub_loads_nothing(page: Page, host: Host) -> None:
    """The hashed file is the same in every site; only the stub tells it the site's manifest."""
    url = f"/elsewhere/{script_of(host.site)}"
    for script in host.site.glob("*-*.js"):  # its chunks are beside it
        host.extras[f"elsewhere/{script.name}"] = script
    host.requests.clear()
    errors = page.evaluate(
        """async ([name, url]) => {
            const loader = await import(url);
            const options = { baseURL: "/" };
            const outcomes = [
                () => loader.loadModel(name, options),
                () => loader.loadEnsemble([name], options),
                () => loader.loadModel(name, { ...options, worker: false }),
                () => loader.pinManifest("0".repeat(64)),
                () => loader.pinManifest("1".repeat(64)),
                () => loader.loadModel(name, options),
            ];
            const errors = [];
            for (const outcome of outcomes)
                errors.push(await Promise.resolve().then(outcome).then(() => "", String));
            return errors;
        }""",
        [MODEL, url],
    )
    unpinned = "ManifestError: model_info.json: its SHA-256 is not pinned; import torch2web.js"
    assert [error.startswith(unpinned) for error in errors] == [True] * 3 + [False] * 3, errors
    assert errors[3] == ""
    assert "already uses the build with SHA-256 000" in errors[4]
    assert f"expected {'0' * 64}, found" in errors[5]


@pytest.mark.usefixtures("host")
def test_errors_share_one_base_and_keep_their_names(page: Page) -> None:
    names = page.evaluate(
        """() => Object.entries(torch2web)
            .filter(([name, value]) => name.endsWith("Error"))
            .filter(([name, value]) => !(value === torch2web.Torch2WebError ||
                                         value.prototype instanceof torch2web.Torch2WebError))
            .map(([name]) => name)"""
    )
    assert names == []


@pytest.mark.usefixtures("host")
def test_batch_gives_each_picture_its_own_answer(page: Page, expected: Expected) -> None:
    answers = expected.answers(MODEL)
    urls = [f"/pictures/{name}" for name in answers][:5]
    results = page.evaluate(
        """async ([name, urls]) => {
            const model = await probe.load(name);
            const predictions = await model.predictBatch(await Promise.all(urls.map(probe.fetchBlob)));
            return predictions.map(({ label, logits }) => ({ label, logits: [...logits] }));
        }""",
        [MODEL, urls],
    )
    for url, result in zip(urls, results, strict=True):
        answer = answers[url.removeprefix("/pictures/")]
        assert result["label"] == answer.label
        assert np.abs(np.array(result["logits"]) - answer.logits).max() <= 1e-4
    assert page.evaluate("async name => (await probe.load(name)).predictBatch([])", MODEL) == []


@pytest.mark.usefixtures("host")
def test_predictions_asked_for_at_once_all_answer(page: Page, expected: Expected) -> None:
    answers = expected.answers(MODEL)
    urls = [f"/pictures/{name}" for name in answers][:8]
    labels = page.evaluate(
        """async ([name, urls]) => {
            const model = await probe.load(name);
            const blobs = await Promise.all(urls.map(probe.fetchBlob));
            return (await Promise.all(blobs.map((blob) => model.predict(blob)))).map(({ label }) => label);
        }""",
        [MODEL, urls],
    )
    assert labels == [answers[url.removeprefix("/pictures/")].label for url in urls]


@pytest.mark.usefixtures("host")
def test_info_and_backend_say_what_runs(page: Page, expected: Expected) -> None:
    info, backend = page.evaluate(
        "async name => { const { info, backend } = await probe.load(name); return [info, backend]; }", MODEL
    )
    cache = info.pop("cache")
    manifest = info.pop("manifest")
    assert manifest["pinned"] is True
    assert manifest["integrity"].startswith("sha256-")
    assert info == expected.manifest[MODEL]
    assert cache["kept"]
    assert cache["fromCache"] + cache["downloaded"] == sum(
        file["size"] for file in (info["plan"], info["variants"][0]["weights"])
    )
    assert backend["name"] == "compiled"
    assert backend["description"].startswith("compiled engine ")
    # Within the tolerance of PyTorch here too; exactly 0 would mean that nothing was compared.
    assert 0 < backend["selfCheck"]["maxAbsDiff"] <= backend["selfCheck"]["tolerance"] == 1e-4


@pytest.mark.usefixtures("host")
def test_timings_add_up(page: Page) -> None:
    timings = page.evaluate(
        """async name => {
            const model = await probe.load(name);
            return (await model.predict(await probe.fetchBlob("/pictures/coffee.png"))).timings;
        }""",
        MODEL,
    )
    parts = timings["decode"] + timings["preprocess"] + timings["run"]
    assert min(timings.values()) >= 0
    assert parts == pytest.approx(timings["total"], abs=0.5)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ("loadModel('nobody')", "ManifestError", 'no model "nobody"; it has mobilenet_emotion, landmark'),
        (
            "loadModel(name, {variant: 'int3'})",
            "ManifestError",
            'no variant "int3"; it has compact, int8, fp16, fp32',
        ),
        ("loadModel(name, {backends: ['webgl']})", "BackendError", "webgl"),
        ("loadModel(name, {backends: []})", "BackendError", "none"),
        ("loadModel(name, {baseURL: '/nowhere'})", "DownloadError", "404"),
        ("loadModel(name, {signal: AbortSignal.abort()})", "AbortError", "abort"),
        ("loadEnsemble([])", "RangeError", "one weight"),
        ("loadEnsemble([name], {weights: [1, 2]})", "RangeError", "one weight"),
        ("loadEnsemble([name], {weights: [-1]})", "RangeError", "not below 0"),
    ],
)
def test_wrong_calls(page: Page, call: str, error: str, message: str) -> None:
    result = page.evaluate(f"name => torch2web.{call}.catch(probe.describe)", MODEL)
    assert result["error"] == error
    assert message in result["message"]


@pytest.mark.usefixtures("host")
def test_wrong_tensor_length(page: Page) -> None:
    result = page.evaluate(
        "async name => (await probe.load(name)).run(new Float32Array(7)).catch(probe.describe)", MODEL
    )
    assert result["error"] == "RangeError"
    assert "150528 values per image (3 × 224 × 224), found 7" in result["message"]


@pytest.mark.usefixtures("host")
def test_disposed_model_is_named(page: Page) -> None:
    result = page.evaluate(
        """async name => {
            const model = await torch2web.loadModel(name);
            const last = model.run(new Float32Array(3 * 224 * 224));
            await model.dispose();
            await model.dispose();
            const { length } = await last.catch(() => ({ length: -1 }));
            return { length, ...await model.predict(new ImageData(5, 5)).catch(probe.describe) };
        }""",
        MODEL,
    )
    assert result["length"] == 4, "a run that was under way is finished first"
    assert result["error"] == "BackendError"
    assert "disposed" in result["message"]


@pytest.mark.usefixtures("host")
def test_abort_drops_a_prediction_and_the_next_one_works(page: Page) -> None:
    result = page.evaluate(
        """async name => {
            const model = await probe.load(name);
            const image = new ImageData(50, 50);
            const controller = new AbortController();
            const dropped = model.predict(image, { signal: controller.signal }).catch(probe.describe);
            controller.abort();
            return [await dropped, (await model.predict(image)).probabilities.length];
        }""",
        MODEL,
    )
    assert result[0]["error"] == "AbortError"
    assert result[1] == 4


@pytest.mark.usefixtures("host")
def test_ensemble_is_the_weighted_mean(page: Page, expected: Expected) -> None:
    names = ["mobilenet_emotion", "efficientnet_emotion"]
    results = page.evaluate(
        """async ([names, url]) => {
            const ensemble = await torch2web.loadEnsemble(names, { weights: [1, 3] });
            const { predictions, ...result } = await ensemble.predict(await probe.fetchBlob(url));
            await ensemble.dispose();
            return { ...result, each: predictions.map(({ probabilities }) => probabilities) };
        }""",
        [names, "/pictures/rocket.jpg"],
    )
    from torch2web.tasks.activation import softmax

    probabilities = [softmax(expected.answers(name)["rocket.jpg"].logits) for name in names]
    mean = (probabilities[0] + 3 * probabilities[1]) / 4
    assert np.abs(np.array(results["probabilities"]) - mean).max() <= 1e-6
    assert results["label"] == expected.manifest[names[0]]["labels"][int(mean.argmax())]
    assert np.abs(np.array(results["each"]) - probabilities).max() <= 1e-6


@pytest.mark.usefixtures("host")
def test_ensemble_reads_a_picture_once(page: Page) -> None:
    """One tensor is made for both models, whose preprocessing is the same."""
    reads, timings = page.evaluate(
        """async names => {
            const ensemble = await torch2web.loadEnsemble(names, { worker: false });
            const face = await probe.fetchBlob("/samples/bored-1.jpg");
            await ensemble.predict(face); // what is asked once of a browser is asked by now
            let reads = 0;
            const { getImageData } = OffscreenCanvasRenderingContext2D.prototype;
            OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...call) {
                reads++;
                return getImageData.apply(this, call);
            };
            const { predictions } = await ensemble.predict(face);
            return [reads, predictions.map(({ timings }) => timings)];
        }""",
        ["mobilenet_emotion", "efficientnet_emotion"],
    )
    assert reads == 1
    assert timings[0]["decode"] > 0
    assert (timings[1]["decode"], timings[1]["preprocess"]) == (0, 0)


def test_two_threads_where_isolated_and_one_where_not(page: Page, small_site: Path, host_of: Hosting) -> None:
    load = "name => probe.load(name, { threads: 2 }).then(({ backend }) => backend.threads)"
    open_harness(page, host_of(small_site))
    assert page.evaluate("crossOriginIsolated")
    assert page.evaluate(load, MODEL) == 2
    open_harness(page, host_of(small_site, isolated=False))
    assert not page.evaluate("crossOriginIsolated")
    assert page.evaluate(load, MODEL) == 1


def test_from_another_folder_of_the_host(page: Page, small_site: Path, host_of: Hosting) -> None:
    """The loader finds its files beside itself, or at a given address."""
    host = host_of(small_site)
    for path in small_site.rglob("*"):
        if path.is_file():
            host.extras[f"elsewhere/deep/{path.relative_to(small_site).as_posix()}"] = path
    open_harness(page, host)
    result = page.evaluate(
        """async name => {
            const other = await import("/elsewhere/deep/torch2web.js");
            const first = await other.loadModel(name);
            const relative = torch2web.loadModel(name, { baseURL: "elsewhere/deep" });
            const second = await relative.catch(probe.describe);
            return [first.info.name, second.message ?? second.info.name];
        }""",
        MODEL,
    )
    assert result[0] == MODEL
    assert "404" in result[1], "a relative baseURL is relative to the page, here below harness/"
    assert f"elsewhere/deep/{weights_of(small_site, MODEL)[0]}" in host.requests

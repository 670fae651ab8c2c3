"""Every task in Chromium: predictions equal Python's for PyTorch's outputs, in worker and page."""

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.tasks.built import Built
from tests.tiny_tasks import NAMES
from torch2web.tasks import activate, similarity


def test_tasks_are_found_out_and_recorded(built: Built) -> None:
    found = {name: (task.kind, task.of, task.thresholds) for name in NAMES for task in [built.task(name)]}
    assert found == {
        "classes": ("softmax", None, ()),
        "logs": ("softmax", None, ()),
        "soft": ("probabilities", "softmax", ()),
        "tags": ("sigmoid", None, (0.5, 0.01, 0.9, 0.5, 0.2)),
        "marks": ("probabilities", "sigmoid", (0.5, 0.5, 0.5)),
        "mask": ("binary", None, (0.3,)),
        "chance": ("probabilities", "binary", (0.5,)),
        "face": ("embedding", None, ()),
        "age": ("regression", None, ()),
        "years": ("regression", None, ()),
    }
    outputs = {name: model["output"]["shape"][1] for name, model in built.models.items()}
    assert (outputs["face"], outputs["mask"], outputs["tags"]) == (16, 1, 5)
    assert set(built.models["face"]["gate"]) == {"cosine_min"}
    assert set(built.models["age"]["gate"]) == {"values_max_rel_diff"}
    assert "labels_agreement" in built.models["tags"]["variants"][0]["verification"]


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_predictions_are_pythons(loader: Page, built: Built, worker: bool) -> None:
    found = loader.evaluate(
        """async ([names, worker]) => {
            const found = {};
            for (const name of names) {
                const model = await load(name, { worker });
                const prediction = await model.predict(picture);
                found[name] = { ...prediction, used: model.worker.used };
                for (const key of ["logits", "embedding"])
                    if (prediction[key]) found[name][key] = [...prediction[key]];
                await model.dispose();
            }
            return found;
        }""",
        [NAMES, worker],
    )
    for name, prediction in found.items():
        task, labels = built.task(name), built.models[name]["labels"]
        expected = built.scores(name)
        assert prediction["used"] == worker
        np.testing.assert_allclose(prediction["logits"], built.outputs[name][0], atol=1e-4)
        if task.kind == "embedding":
            np.testing.assert_allclose(prediction["embedding"], expected, atol=1e-4)
            assert "label" not in prediction
            continue
        if task.kind == "regression":
            assert [value["name"] for value in prediction["values"]] == labels
            assert [value["unit"] for value in prediction["values"]] == ["years", "cm"]
            np.testing.assert_allclose(
                [value["value"] for value in prediction["values"]], expected, atol=1e-4
            )
            assert "label" not in prediction
            continue
        np.testing.assert_allclose(prediction["probabilities"], expected, atol=1e-5)
        of_found = activate(task, np.asarray([prediction["logits"]]))[0]
        np.testing.assert_allclose(prediction["probabilities"], of_found, rtol=1e-13)
        best = int(np.argmax(expected))
        if task.meaning == "binary":
            best = int(expected[1] >= task.thresholds[0])
        assert prediction["label"] == labels[best], name
        assert prediction["confidence"] == prediction["probabilities"][best]
        if task.meaning == "sigmoid":
            applying = [index for index, p in enumerate(expected) if p >= task.thresholds[index]]
            assert sorted(entry["index"] for entry in prediction["labels"]) == applying
            shares = [entry["probability"] for entry in prediction["labels"]]
            assert shares == sorted(shares, reverse=True)
        else:
            assert "labels" not in prediction
        # Equal rounded probabilities keep the order before rounding.
        listed = [entry["score"] for entry in prediction["top"]]
        assert listed == sorted(prediction["probabilities"], reverse=True)[:5]
        assert prediction["top"][0]["probability"] == listed[0]


def test_one_number_of_two_labels_decides_by_its_threshold(loader: Page, built: Built) -> None:
    p = built.scores("mask")[1]
    labels = loader.evaluate(
        """async (p) => {
            const model = await load("mask");
            const labels = [];
            for (const threshold of [undefined, p / 2, (1 + p) / 2])
                labels.push((await model.predict(picture, { threshold })).label);
            return labels;
        }""",
        p,
    )
    assert labels == ["mask" if p >= 0.3 else "no mask", "mask", "no mask"]


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_selection_of_labels(loader: Page, built: Built, worker: bool) -> None:
    found = loader.evaluate(
        """async (worker) => {
            const model = await load("classes", { worker });
            const tags = await load("tags", { worker });
            const of = (options) => model.predict(picture, options);
            return {
                plain: await of({}), two: await of({ topK: 2 }), all: await of({ topK: 99 }),
                high: await of({ threshold: 0.9999 }), low: await of({ threshold: 0 }),
                cranes: await of({ allow: ["crane"], topK: 9 }), one: await of({ allow: [3] }),
                without: await of({ deny: ["crane"], topK: 9 }),
                left: await of({ allow: ["crane"], deny: [0], topK: 1 }),
                any: await tags.predict(picture, { threshold: 0 }),
                none: await tags.predict(picture, { threshold: 1 }),
                batch: await model.predictBatch([picture, picture], { topK: 1 }),
            };
        }""",
        worker,
    )
    expected = built.scores("classes")
    ranked = sorted(range(4), key=lambda index: -expected[index])
    indices = {
        key: [entry["index"] for entry in prediction["top"]]
        for key, prediction in found.items()
        if key != "batch"
    }
    assert indices["plain"] == ranked[:5]
    assert indices["one"] == [3]
    assert indices["two"] == ranked[:2]
    assert indices["all"] == indices["low"] == ranked
    assert indices["high"] == [index for index in ranked if expected[index] >= 0.9999]
    assert indices["cranes"] == [index for index in ranked if index in (0, 2)]
    assert indices["without"] == [index for index in ranked if index in (1, 3)]
    assert indices["left"] == [2]
    assert [entry["top"][0]["index"] for entry in found["batch"]] == ranked[:1] * 2
    assert found["one"]["label"] == "stork"
    assert found["without"]["label"] == found["without"]["top"][0]["label"]
    for key in ("two", "cranes", "one", "without"):
        assert found[key]["probabilities"] == found["plain"]["probabilities"], "never renormalised"
    assert len(found["any"]["labels"]) == 5
    assert found["none"]["labels"] == [] == found["none"]["top"]


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_embeddings_are_compared_by_cosine(loader: Page, built: Built, worker: bool) -> None:
    found = loader.evaluate(
        """async (worker) => {
            const { similarity } = torch2web;
            const model = await load("face", { worker });
            const grey = new ImageData(new Uint8ClampedArray(4 * 64 * 64).fill(128), 64, 64);
            const [a, b] = [await model.embed(picture), await model.embed(grey)];
            const unit = await model.embed(picture, { normalize: true });
            const length = Math.hypot(...unit);
            return {
                a: [...a], b: [...b], unit: [...unit], length, cosine: similarity(a, b),
                scaled: similarity(unit, b), self: similarity(a, unit), zero: similarity([0, 0], [1, 0]),
                opposite: similarity([1, 2], [-2, -4]), raised: await raised(() => similarity([1], [1, 2])),
            };
        }""",
        worker,
    )
    np.testing.assert_allclose(found["a"], built.outputs["face"][0], atol=1e-4)
    np.testing.assert_allclose(found["unit"], np.asarray(found["a"]) / np.linalg.norm(found["a"]), atol=1e-6)
    assert found["length"] == pytest.approx(1, abs=1e-6)
    assert found["cosine"] == pytest.approx(float(similarity(np.asarray(found["a"]), np.asarray(found["b"]))))
    assert found["scaled"] == pytest.approx(found["cosine"], abs=1e-6)
    assert (found["self"], found["zero"], found["opposite"]) == (pytest.approx(1), 0, -1)
    assert found["raised"].startswith("RangeError")


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_ensembles_of_every_task_that_has_a_mean(loader: Page, built: Built, worker: bool) -> None:
    groups = (["classes", "soft"], ["tags", "tags"], ["mask", "mask"], ["age", "years"])
    found = loader.evaluate(
        """async ([groups, worker]) => {
            const found = [];
            for (const names of groups) {
                const task = names[0] === "age" ? "regression" : undefined;
                const options = { worker, variant: "fp32", weights: [1, 3], task };
                const ensemble = await torch2web.loadEnsemble(names, options);
                const { predictions, ...answer } = await ensemble.predict(picture);
                found.push({ ...answer, count: predictions.length });
                await ensemble.dispose();
            }
            return found;
        }""",
        [groups, worker],
    )
    for (first, second), answer in zip(groups, found, strict=True):
        mean = (np.asarray(built.scores(first)) + 3 * np.asarray(built.scores(second))) / 4
        assert answer["count"] == 2
        if "values" in answer:
            np.testing.assert_allclose([value["value"] for value in answer["values"]], mean, atol=1e-3)
        else:
            np.testing.assert_allclose(answer["probabilities"], mean, atol=1e-5)
            assert ("labels" in answer) == (first == "tags")


def test_watching_smooths_every_task(loader: Page) -> None:
    """For each task the scores of three frames are averaged, and label and decisions follow from them."""
    found = loader.evaluate(
        """async () => {
            const canvas = document.createElement("canvas");
            const context = canvas.getContext("2d");
            setInterval(() => {
                context.fillStyle = `hsl(${performance.now()} 50% 50%)`;
                context.fillRect(0, 0, 300, 150);
            }, 20);
            const stream = canvas.captureStream();
            const given = {
                tags: [{ probabilities: [0.9, 0, 0, 0, 0] }, { probabilities: [0, 0.9, 0, 0, 0] }],
                mask: [{ probabilities: [1, 0] }, { probabilities: [0, 1] }],
                age: [{ values: [{ value: 20 }, { value: 100 }] },
                      { values: [{ value: 40 }, { value: 200 }] }],
                face: [{ embedding: new Float32Array([1, 0]) }, { embedding: new Float32Array([0, 1]) }],
            };
            const found = {};
            for (const [name, frames] of Object.entries(given)) {
                const model = await load(name);
                let frame = 0;
                const predict = async () => frames[Math.min(frame++, 1)];
                found[name] = await new Promise((resolve) => {
                    const told = [];
                    const watch = model.watch.call({ info: model.info, predict }, stream, (prediction) => {
                        told.push({ ...prediction, embedding: [...(prediction.embedding ?? [])] });
                        if (told.length === 2) { watch.stop(); resolve(told); }
                    }, { smoothing: 0.5 });
                });
            }
            return found;
        }"""
    )
    tags, mask, age, face = (found[name][1] for name in ("tags", "mask", "age", "face"))
    assert tags["probabilities"] == [0.45, 0.45, 0, 0, 0]
    assert [entry["label"] for entry in tags["labels"]] == ["dog"], "0.45 is below the threshold of beach"
    assert (mask["probabilities"], mask["label"], mask["confidence"]) == ([0.5, 0.5], "mask", 0.5)
    assert [(value["name"], value["value"], value["unit"]) for value in age["values"]] == [
        ("age", 30, "years"),
        ("height", 150, "cm"),
    ]
    assert face["embedding"] == [0.5, 0.5]

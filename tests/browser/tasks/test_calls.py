"""Options and calls that do not fit the task are named."""

import pytest
from playwright.sync_api import Page


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_wrong_options_are_named(loader: Page, worker: bool) -> None:
    found = loader.evaluate(
        """async (worker) => {
            const model = await load("classes", { worker });
            const age = await load("age", { worker });
            const found = [];
            for (const options of [
                { topK: 0 }, { topK: 1.5 }, { topK: "2" }, { threshold: 1.1 }, { threshold: NaN },
                { allow: ["eagle"] }, { deny: [4] }, { allow: "crane" },
                { allow: [] }, { deny: [0, 1, 2, 3] },
            ]) found.push(await raised(() => model.predict(picture, options)));
            found.push(await raised(() => age.predict(picture, { topK: 1 })));
            return found;
        }""",
        worker,
    )
    messages = (
        "topK: found 0, expected an integer from 1",
        "topK: found 1.5",
        'topK: found "2"',
        "threshold: found 1.1, expected a number from 0 to 1",
        "threshold: found NaN",
        'allow: found "eagle", expected labels, or indices below 4',
        "deny: found 4",
        'allow: found "crane", expected a list of labels',
        "leave none of the 4 labels",
        "leave none of the 4 labels",
        "topK selects labels; age has none",
    )
    for text, message in zip(found, messages, strict=True):
        assert text.startswith("RangeError true "), text
        assert message in text


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_a_call_that_does_not_fit_the_task_says_which_one_does(loader: Page, worker: bool) -> None:
    found = loader.evaluate(
        """async (worker) => {
            const { loadModel, loadEnsemble, TaskError, Torch2WebError } = torch2web;
            const classes = await load("classes", { worker });
            const [face, age] = [await loadModel("face", { worker }), await loadModel("age", { worker })];
            const error = await face.predict(picture).catch((error) => error);
            return {
                is: error instanceof TaskError && error instanceof Torch2WebError,
                embedded: (await face.embed(picture)).length,
                raised: [
                    await raised(() => face.predict(picture)),
                    await raised(() => age.predict(picture)),
                    await raised(() => age.predictBatch([])),
                    await raised(() => classes.embed(picture)),
                    await raised(() => age.embed(picture)),
                    await raised(() => loadModel("classes", { worker, task: "regression" })),
                    await raised(() => loadModel("face", { worker, task: "classification" })),
                    await raised(() => loadEnsemble(["face", "face"], { worker })),
                    await raised(() => loadEnsemble(["age", "years"], { worker })),
                    await raised(() => loadEnsemble(["classes", "tags"], { worker })),
                    await raised(() => loadEnsemble(["soft", "marks"], { worker })),
                    await raised(() => loadEnsemble(["classes"], { worker, weights: [1, 2] })),
                ],
            };
        }""",
        worker,
    )
    assert found["is"]
    assert found["embedded"] == 16
    for text, (name, message) in zip(
        found["raised"],
        (
            ("TaskError", 'face gives no label: call embed(), or load it with { task: "embedding" }'),
            (
                "TaskError",
                'age gives no label: load it with { task: "regression" }, and its predictions have values',
            ),
            ("TaskError", "age gives no label"),
            ("TaskError", "classes has no embeddings; call predict()"),
            ("TaskError", "age has no embeddings"),
            ("ManifestError", "the task of classes is classification, expected regression"),
            ("ManifestError", "the task of face is embedding, expected classification"),
            ("ManifestError", "face gives embeddings; those of different networks cannot be averaged"),
            ("TaskError", "age gives no label"),
            ("ManifestError", "need the same task; found softmax, sigmoid"),
            ("ManifestError", "need the same task; found softmax, sigmoid"),
            ("RangeError", "one weight"),
        ),
        strict=True,
    ):
        assert text.startswith(f"{name} true "), text
        assert message in text, text

"""`serve --api` answers as the page does, for every task."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.tasks.built import PICTURE, Built
from tests.tiny_tasks import NAMES
from tests.unit.server.served import serving

COMPARED = ("label", "labels", "top", "probabilities", "confidence", "values", "embedding", "logits")


def test_server_and_page_give_the_same(loader: Page, built: Built, tmp_path: Path) -> None:
    with serving(built.site, tmp_path / "log") as served:
        for name in NAMES:
            page = loader.evaluate(
                """async (name) => {
                    const model = await load(name);
                    const answer = await model.predict(picture);
                    await model.dispose();
                    const plain = ({ label, index, probability }) => ({ label, index, probability });
                    const found = { ...answer, logits: Array.from(answer.logits) };
                    if (answer.embedding) found.embedding = Array.from(answer.embedding);
                    for (const key of ["top", "labels"]) if (answer[key]) found[key] = answer[key].map(plain);
                    return found;
                }""",
                name,
            )
            server = served.ask(f"/api/models/{name}/predict", PICTURE.read_bytes()).json
            for key in COMPARED:
                assert (key in page) == (key in server), f"{name}: {key}"
                if key in page:
                    assert flat(server[key]) == pytest.approx(flat(page[key]), abs=1e-4), f"{name}: {key}"


def flat(value: object) -> list[object]:
    """The numbers and texts inside of `value`, in order."""
    if isinstance(value, dict):
        return [item for key in sorted(value) for item in flat(value[key])]
    if isinstance(value, list):
        return [item for entry in value for item in flat(entry)]
    return [value]

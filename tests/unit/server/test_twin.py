"""The server's answers are PyTorch's, as the build recorded them, for the demo's networks."""

from pathlib import Path

import numpy as np

from tests.browser.expected import Expected
from tests.browser.sites import model_of
from tests.materials import images
from tests.unit.server.served import serving
from torch2web.catalog import EXACT

REFERENCES = {image.name for image in images()}


def test_logits_and_labels_are_those_of_the_build(
    demo_site: Path, expected: Expected, pictures: dict[str, Path], tmp_path: Path
) -> None:
    with serving(demo_site, tmp_path / "log") as served:
        assert served.ask("/api/models").json["default"] == "efficientnet_emotion"
        for path, name in (
            ("/api/emotion/predict", "efficientnet_emotion"),
            ("/api/models/mobilenet_emotion/predict", "mobilenet_emotion"),
        ):
            answers = expected.answers(name, EXACT)
            for picture, file in pictures.items():
                reply = served.ask(path, file.read_bytes(), {"Content-Type": "application/octet-stream"})
                assert reply.status == 200, reply.content
                found = reply.json
                difference = np.abs(np.array(found["logits"]) - answers[picture].logits).max()
                assert difference <= 1e-4, f"{picture}: {difference}"
                assert found["label"] == answers[picture].label
                assert found["model"]["sha256"] == model_of(demo_site, name)["plain"]["sha256"]

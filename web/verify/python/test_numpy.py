"""Second judge: the code that the build itself preprocesses with, on NumPy and Pillow."""

import io
from array import array
from importlib.util import find_spec

import pytest

from .answers import answer
from .facts import FACTS, picture_bytes
from .test_tensors import describe

pytestmark = pytest.mark.skipif(
    find_spec("numpy") is None or find_spec("PIL") is None, reason=FACTS["no_wheels"]
)


def test_tensor_by_numpy_and_pillow(model: str, picture: str) -> None:
    import PIL

    from torch2web.images.preprocessing import VERTICAL_FIRST, Preprocessing, open_image, preprocess

    manifest = FACTS["preprocessing"][model]
    if manifest["vertical_first"] != VERTICAL_FIRST:
        pytest.skip(f"Pillow {PIL.__version__} resizes in another order than the one that built this site")
    spec = Preprocessing.from_dict(manifest)
    image = open_image(io.BytesIO(picture_bytes(picture)), spec)
    expected = preprocess(image, spec).tobytes()
    found: bytes = answer("tensor", model, picture)
    assert len(found) == len(expected)
    assert found == expected, describe(found, expected)


def test_probabilities_by_numpy(model: str, picture: str) -> None:
    import numpy as np

    from torch2web.tasks import Task, activate

    prediction = answer("prediction", model, picture)
    task = Task.from_value(FACTS["task"][model])
    if not task.has_labels:
        assert "probabilities" not in prediction
        return
    expected = activate(task, np.asarray([array("f", prediction["logits"])]))[0]
    # JavaScript's exp and C's may differ in the last bits.
    np.testing.assert_allclose(prediction["probabilities"], expected, rtol=1e-14, atol=0)

"""Number of outputs and of input channels, from parameter names and shapes alone."""

import pytest

from torch2web.inspection.shapes import Shape, channels_of, has_several_heads, outputs_of

FIRST: dict[str, Shape] = {"features.0.weight": (8, 3, 3, 3), "features.0.bias": (8,)}


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ({"fc.weight": (4, 512), "fc.bias": (4,)}, (4, "fc.weight has 4 rows")),
        (
            {"classifier.3.weight": (9, 7), "classifier.10.weight": (6, 9)},
            (6, "classifier.10.weight has 6 rows"),
        ),
        ({"AuxLogits.fc.weight": (4, 768), "fc.weight": (5, 9)}, (5, "fc.weight has 5 rows")),
        ({"fc.weight": (5, 9), "z_aux.weight": (4, 768)}, (5, "fc.weight has 5 rows")),
        (
            {"head.pre_logits.fc.weight": (512, 9), "head.fc.weight": (7, 512)},
            (7, "head.fc.weight has 7 rows"),
        ),
        ({"classifier.1.weight": (1000, 512, 1, 1)}, (1000, "classifier.1.weight has 1,000 rows")),
        ({"conv_head.weight": (64, 9, 1, 1)}, (None, "")),
        ({"blocks.9.weight": (64, 9)}, (None, "")),
        ({"fc1.weight": (16, 9), "fc2.weight": (4, 16)}, (4, "fc2.weight has 4 rows")),
        ({"fc1.weight": (5, 9), "fc2.weight": (4, 9)}, (None, "")),
        ({"fc.weight": (5, 9), "head.weight": (4, 9)}, (None, "")),
        ({}, (None, "")),
    ],
)
def test_outputs(layers: dict[str, Shape], expected: tuple[int | None, str]) -> None:
    assert outputs_of({**FIRST, **layers}) == expected
    assert outputs_of(dict(sorted({**FIRST, **layers}.items()))) == expected, "safetensors sort their names"


def test_outputs_below_a_common_prefix() -> None:
    shapes: dict[str, Shape] = {"model.conv.weight": (8, 3, 3, 3), "model.fc.weight": (4, 8)}
    assert outputs_of(shapes) == (4, "model.fc.weight has 4 rows")


def test_channels() -> None:
    assert channels_of(FIRST) == 3
    assert channels_of({"conv1.weight": (8, 1, 5, 5)}) == 1
    assert channels_of({"fc.weight": (4, 784)}) is None


def test_several_heads() -> None:
    one = {"conv.weight": (8, 3, 3, 3), "fc1.weight": (512, 8), "fc2.weight": (4, 512)}
    assert not has_several_heads(one)
    assert not has_several_heads({"conv.weight": (8, 3, 3, 3), "fc.weight": (4, 8)})
    assert has_several_heads({"conv.weight": (8, 3, 3, 3), "fc1.weight": (8, 512), "fc2.weight": (2, 512)})
    assert not has_several_heads({"fc1.weight": (512, 512), "fc2.weight": (512, 512), "fc3.weight": (2, 512)})

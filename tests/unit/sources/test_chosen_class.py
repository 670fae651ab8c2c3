"""A network that returns the class instead of its logits."""

import pytest
from torch import Tensor, nn

from torch2web.errors import ExportError
from torch2web.sources.outputs import with_one_output


class ChosenClass(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)).argmax(1)


def test_is_refused_with_what_to_do() -> None:
    message = r"torch\.int64, expected floating point numbers: return its logits, not argmax"
    with pytest.raises(ExportError, match=message):
        with_one_output("net", ChosenClass(), (3, 8, 8), None)

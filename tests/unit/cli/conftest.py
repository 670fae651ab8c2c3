"""Sites that tests may replace, and weights of one's own."""

import io
import shutil
import sys
from pathlib import Path

import pytest
import torch


@pytest.fixture
def old_site(small_site: Path, tmp_path: Path) -> Path:
    """A copy of a built site that the test may replace."""
    return Path(shutil.copytree(small_site, tmp_path / "site"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module of a network; nothing is typed."""
    (tmp_path / "own_nets.py").write_text("def build(): ...\n")
    sys.modules.pop("own_nets", None)  # of another test's folder
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """The state dict of a small network: 3 channels, 4 classes."""
    torch.manual_seed(0)
    return {
        "conv.weight": torch.randn(8, 3, 3, 3),
        "conv.bias": torch.randn(8),
        "fc.weight": torch.randn(4, 8),
        "fc.bias": torch.randn(4),
    }

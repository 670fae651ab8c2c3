"""Factories: their arguments, and a clear error for every fault."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.other_packages import set_aside
from torch2web.catalog import Source
from torch2web.errors import FactoryError
from torch2web.sources.factory import factory_of
from torch2web.sources.timm_package import import_timm
from torch2web.sources.user_code import current_folder_first

MODULE = """
from torch import nn

LIMIT = 3

def fails(depth):
    if depth % 2 == 0:
        raise ValueError("depth must be odd")

def text():
    return "no network"

def pair():
    return nn.Linear(2, 2), "transform"

def labels(n_classes=3):
    return nn.Linear(2, n_classes)

def passes_on(**kwargs):
    return nn.Linear(2, 5, **kwargs)

class Nets:
    @staticmethod
    def small(num_classes):
        return nn.Linear(2, num_classes)

ready = nn.Linear(2, 2)
"""


class _Without:
    """Finds modules as if the package `name` were not installed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == self._name:
            raise ModuleNotFoundError(f"No module named {self._name!r}", name=self._name)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a module that defines networks, where torchvision is not installed."""
    (tmp_path / "some_nets.py").write_text(MODULE)
    (tmp_path / "broken_nets.py").write_text("import torch\nimport no_such_package\n")
    (tmp_path / "needs_nets.py").write_text("import torch\nfrom torchvision.models import resnet18\n")
    (tmp_path / "odd_nets.py").write_text("def f(:\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [_Without("torchvision"), *sys.meta_path])
    with set_aside("some_nets", "torchvision"):
        yield tmp_path


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("no_such.module:f", {}, r"there is no module no_such, neither in .* nor installed"),
        ("some_nets.py:labels", {}, r"modules are named without \.py\nTry some_nets:labels$"),
        ("some_netz:labels", {}, r"there is no module some_netz, .*\nDid you mean some_nets:labels\?$"),
        ("torchvision.models:resnet18", {}, r"torchvision is not installed\nRun: pip install torchvision$"),
        ("needs_nets:f", {}, r"importing needs_nets raised .*'torchvision'.*\nRun: pip install torchvision$"),
        ("some_nets:nothing", {}, r"some_nets has no nothing; it has fails, text, pair, labels"),
        ("some_nets:LIMIT", {}, r"it is a int; expected a function or class"),
        ("some_nets:ready", {}, r"it is a network, not a function"),
        ("some_nets:fails", {"depth": 2}, r"ValueError: depth must be odd \(some_nets\.py, line 8\)"),
        ("some_nets:fails", {}, r"it needs the arguments depth"),
        ("some_nets:text", {}, r"it returned str, expected a torch\.nn\.Module"),
        ("some_nets:pair", {}, r"returned tuple, .*; name a function that returns the network alone"),
        ("some_nets:labels", {"width": 2}, r"it has no argument width; it has n_classes"),
        ("broken_nets:f", {}, r"importing broken_nets raised ModuleNotFoundError: .*no_such_package"),
        ("odd_nets:f", {}, r"SyntaxError: .* \(odd_nets\.py, line 1\)"),
    ],
)
def test_faults_are_clear_errors(folder: Path, name: str, args: dict[str, Any], message: str) -> None:
    with current_folder_first(), pytest.raises(FactoryError, match=message) as caught:
        factory_of(Source("factory", name, args), 3)()
    assert "Traceback" not in str(caught.value)
    assert str(folder) not in sys.path


@pytest.mark.parametrize(
    ("name", "args", "rows"),
    [
        ("some_nets:labels", {}, 7),
        ("some_nets:labels", {"n_classes": 4}, 4),
        ("some_nets:Nets.small", {}, 7),
        ("some_nets:passes_on", {}, 5),
    ],
)
def test_number_of_classes_is_passed(folder: Path, name: str, args: dict[str, Any], rows: int) -> None:
    with current_folder_first():
        network = factory_of(Source("factory", name, args), 3)(7)
    assert isinstance(network, torch.nn.Linear)
    assert network.out_features == rows


def test_missing_timm_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(FactoryError, match=r"timm resnet18: .*timm"):
        factory_of(Source("timm", "resnet18"), 3)


def test_importing_timm_prints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Messages of its dependencies about optional features are suppressed."""
    lines = ("import sys, warnings", "print('Error importing hub')", "print('hm', file=sys.stderr)")
    (tmp_path / "timm.py").write_text("\n".join((*lines, "warnings.warn('old')", "__version__ = '9'")))
    monkeypatch.syspath_prepend(tmp_path)
    with set_aside("timm"):
        assert import_timm().__version__ == "9"
    assert capfd.readouterr() == ("", "")

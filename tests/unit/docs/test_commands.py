"""Every command in the documentation: the parser accepts its options, and the cheap ones are run as typed."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.conftest import ROOT
from tests.other_packages import set_aside
from tests.patience import LONGEST
from tests.unit.docs.snippets import Snippet, all_snippets
from torch2web.cli import Defaults, main
from torch2web.cli.options.parser import parse_options

SHELL = [snippet for snippet in all_snippets() if snippet.language == "sh"]
OURS = re.compile(r"^(?:torch2web|python build\.py|python -m torch2web) ?")
RUN_PAGES = (
    "README.md",
    "docs/architecture.md",
    "docs/quickstart.md",
    "docs/signing.md",
    "docs/your_own_model.md",
)
"""Pages whose commands are run in a folder with the files that they name."""
NOT_RUN = ("serve", "pip", "make", "build --demo", "--timm")
"""Waits for requests; installs; builds what other tests build; needs timm."""
SHORT = ("--no-verify-page", "--no-precompressed", "--no-docs", "--cache", "cache")


def lines_of(snippet: Snippet) -> list[str]:
    """The commands of a block; a line may end in a comment."""
    joined = snippet.content.replace("\\\n", " ")
    return [line for line in joined.splitlines() if _words(line)]


def _words(line: str) -> list[str]:
    return shlex.split(line, comments=True)


COMMANDS = [(str(snippet), line) for snippet in SHELL for line in lines_of(snippet)]


@pytest.mark.parametrize(
    ("place", "line"), COMMANDS, ids=[f"{place} {line[:50]}" for place, line in COMMANDS]
)
def test_command_exists_and_takes_its_options(place: str, line: str) -> None:
    words = _words(line)
    if OURS.match(line):
        parse_options(_words(OURS.sub("", line)), Defaults.installed())  # exits on unknown options
    elif words[0] == "make":
        targets = re.findall(r"^(\S+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(words[1:]) <= set(targets)
    elif words[:2] == [".venv/bin/python", "-m"]:
        assert importlib.util.find_spec(words[2]), line
    elif words[:2] == ["pip", "install"]:
        declared = (ROOT / "pyproject.toml").read_text()
        version = re.search(r'^version = "(.+)"', declared, re.MULTILINE)
        assert version
        for name in words[2:]:
            assert name == f"torch2web-{version[1]}-py3-none-any.whl" or f'"{name}>=' in declared
    else:
        (snippet,) = (snippet for snippet in SHELL if str(snippet) == place)
        assert snippet.marked or snippet.page in RUN_PAGES, f"nothing runs {line!r}"


def test_options_that_do_not_exist_are_found() -> None:
    with pytest.raises(SystemExit):
        parse_options(shlex.split("build best.pth --label cat,dog --pictures x"), Defaults.installed())


@pytest.mark.parametrize("page", RUN_PAGES)
def test_commands_run_as_typed(page: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the lines of each page in order, with options that make builds short."""
    monkeypatch.chdir(workspace)
    ran = 0
    for place, line in COMMANDS:
        snippet = next(snippet for snippet in SHELL if str(snippet) == place)
        if snippet.page != page or snippet.marked or any(text in line for text in NOT_RUN):
            continue
        ran += 1
        write_named(workspace, line)
        if OURS.match(line):
            words = _words(OURS.sub("", line))
            short: tuple[str, ...] = SHORT if words[0] == "build" else ()
            short += ("--yes",) if words[0] == "build" and not words[1].startswith("-") else ()
            assert main([*words, *short]) == 0, f"{place}: {line}"
        else:
            subprocess.run(
                ["bash", "-ec", line], check=True, cwd=workspace, timeout=LONGEST, env=_environment()
            )
    assert ran


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


NETS = '''
from torch import nn

class Net(nn.Module):
    """As small as can be converted: it reacts to its input."""

    def __init__(self, num_classes, width=32):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 8, stride=8)
        self.fc = nn.Linear(width, num_classes)

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))

def build(num_classes=2, width=32):
    return Net(num_classes, width)

resnet18 = build
'''


CATALOG = """
[[models]]
name = "best"
factory = "nets:build"
checkpoint = "best.pth"
labels = ["cat", "dog"]
preprocessing = { resize = [32, 32], filter = "bilinear", mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5] }
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the files named by the pages, and small networks instead of the large ones."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "nets.py").write_text(NETS)
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "__init__.py").touch()
    (folder / "torchvision" / "models.py").write_text(NETS)
    (folder / "classes.txt").write_text("cat\ndog\n")
    (folder / "models.toml").write_text(CATALOG)
    network = small_network()
    torch.save(network.state_dict(), folder / "best.pth")
    torch.save({"state_dict": network.state_dict(), "epoch": 3}, folder / "best.ckpt")
    with set_aside("nets", "torchvision"):
        yield folder


def small_network() -> nn.Module:
    names: dict[str, Callable[[], nn.Module]] = {}
    exec(NETS, names)
    torch.manual_seed(1)
    network = names["build"]().eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return network


def write_named(folder: Path, line: str) -> None:
    """Write the .pt2, TorchScript, ONNX and sharded files that `line` names."""
    if "model.safetensors.index.json" in line:
        state = small_network().state_dict()
        for key, tensor in state.items():
            save_file({key: tensor}, folder / f"{key}.safetensors")
        places = {key: f"{key}.safetensors" for key in state}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    example = torch.zeros(2, 3, 224, 224)
    if "model.onnx" in line:
        axes = {"x": {0: "n"}, "y": {0: "n"}}
        with warnings.catch_warnings(action="ignore"):
            torch.onnx.export(
                small_network(),
                (example,),
                folder / "model.onnx",
                dynamo=False,
                input_names=["x"],
                output_names=["y"],
                dynamic_axes=axes,
            )
    if "model.pt2" in line:
        shapes = ({0: torch.export.Dim("batch", min=2)},)
        torch.export.save(
            torch.export.export(small_network(), (example,), dynamic_shapes=shapes), folder / "model.pt2"
        )

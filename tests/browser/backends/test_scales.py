"""A network with large outputs: the tolerance of the self-check follows their scale, row by row."""

from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page
from torch import nn

from tests.browser.parity import open_harness
from tests.browser.server import Hosting
from tests.browser.sites import manifest_of
from tests.conftest import ROOT
from tests.tiny_network import TinyNetwork
from torch2web.cli import main

MODEL = "mobilenet_emotion"


def large(*_: object) -> nn.Module:
    network = TinyNetwork(torch.relu).eval()
    with torch.no_grad():
        for parameter in network.head.parameters():
            parameter.mul_(1e5)
    return network


def test_large_outputs_pass_on_each_backend(
    page: Page, host_of: Hosting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch2web.sources.load.load_model", large)
    (tmp_path / "mobile_epoch35.pth").touch()
    lines = (ROOT / "models.toml").read_text().splitlines(keepends=True)
    (tmp_path / "models.toml").write_text("".join(line for line in lines if not line.startswith("tolerance")))
    options = ["--catalog", tmp_path / "models.toml", "--checkpoints", tmp_path, "--only", MODEL]
    options += ["--no-precompressed", "--no-verify-page", "--cache", tmp_path / "cache"]
    assert main(["build", *map(str, options), "--out", str(tmp_path / "site")]) == 0
    (model,) = manifest_of(tmp_path / "site")["models"]
    tolerance = model["variants"][0]["golden"]["tolerance"]
    assert len(tolerance) == 2
    assert min(tolerance) > 1
    open_harness(page, host_of(tmp_path / "site"))
    for backend in ("compiled", "wasm"):
        check = page.evaluate(
            """async ([name, backend]) => {
                const options = { worker: false, backends: [backend] };
                return (await probe.load(name, options)).backend.selfCheck;
            }""",
            [MODEL, backend],
        )
        assert 1e-4 < check["maxAbsDiff"] <= check["tolerance"] == max(tolerance)

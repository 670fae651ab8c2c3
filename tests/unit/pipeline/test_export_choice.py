"""The second exporter is used only where the first one's file is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.networks import build
from tests.networks.files import entry_of
from tests.reference import reference_of
from torch2web.catalog import ModelSpec, spec_from
from torch2web.errors import ConstantOutputError, ExportError
from torch2web.pipeline.conversion.export_choice import ExportChecks
from torch2web.sources import Export, ExportRecord
from torch2web.verification import ReferenceRun, neutral_images

PATH = Path("model.pth")


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    return spec_from(PATH, "", entry_of("multi_label", "state_dict", PATH))


@pytest.fixture(scope="module")
def reference(spec: ModelSpec) -> ReferenceRun:
    return reference_of(build("multi_label"), spec, neutral_images()[:4])


@pytest.fixture(scope="module")
def content(spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    from torch2web.sources.export import export_onnx

    path = tmp_path_factory.mktemp("export") / "model.onnx"
    export_onnx(build("multi_label"), spec, path)
    return path.read_bytes()


def writes(name: str, content: bytes, change: Callable[[onnx.ModelProto], None] | None = None) -> Export:
    """An exporter that writes `content` after a change."""

    def export(path: Path) -> ExportRecord:
        model = onnx.load_from_string(content)
        if change:
            change(model)
        onnx.save(model, path)
        return ExportRecord(name, 17)

    return export


def fails(path: Path) -> ExportRecord:
    path.write_bytes(b"half a file")
    raise ExportError("model", "PyTorch cannot express aten::odd in ONNX")


def inexact(model: onnx.ModelProto) -> None:
    bias = model.graph.initializer[-1]
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.float32(0.1), bias.name))


def unplannable(model: onnx.ModelProto) -> None:
    """Add an operator without effect that the compiled backend lacks."""
    (last,) = (node for node in model.graph.node if "output" in node.output)
    last.output[0] = "before"
    model.graph.node.append(onnx.helper.make_node("Atan", ["before"], ["curved"], "curved"))
    model.graph.node.append(onnx.helper.make_node("Tan", ["curved"], ["output"], "tan"))


@pytest.mark.parametrize(
    ("exporters", "taken", "note"),
    [
        (("good", "also good"), "good", ""),
        (("fails", "good"), "good", "exported by good instead: PyTorch cannot express aten::odd in ONNX"),
        (("inexact", "good"), "good", "exported by good instead: logits exceed the tolerance: found a diff"),
        (("unplannable", "good"), "good", "exported by good instead: Atan curved: operator not supported by"),
        (("unplannable", "inexact"), "unplannable", ""),
        (("inexact", "unplannable"), "unplannable", "exported by unplannable instead: logits exceed"),
        (("unplannable", "fails"), "unplannable", ""),
        (("unplannable", "also unplannable"), "unplannable", ""),
    ],
)
def test_the_best_is_taken(
    spec: ModelSpec,
    reference: ReferenceRun,
    content: bytes,
    tmp_path: Path,
    exporters: tuple[str, ...],
    taken: str,
    note: str,
) -> None:
    known = {
        "good": writes("good", content),
        "also good": writes("also good", content),
        "fails": fails,
        "inexact": writes("inexact", content, inexact),
        "unplannable": writes("unplannable", content, unplannable),
        "also unplannable": writes("also unplannable", content, unplannable),
    }
    checks = ExportChecks(spec, reference, allow_dead=False, planned=True, on_stage=lambda _: None)
    path = tmp_path / "model.onnx"
    found = checks.export([known[name] for name in exporters], path)
    assert found.record.exporter == taken
    assert "".join(found.record.notes).startswith(note)
    assert bool(found.record.notes) == bool(note)
    known[taken](tmp_path / "expected.onnx")
    assert path.read_bytes() == (tmp_path / "expected.onnx").read_bytes()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["expected.onnx", "model.onnx"]
    assert bool(found.no_plan) == (taken == "unplannable")


def test_without_the_compiled_backend_a_plan_is_no_matter(
    spec: ModelSpec, reference: ReferenceRun, content: bytes, tmp_path: Path
) -> None:
    checks = ExportChecks(spec, reference, allow_dead=False, planned=False, on_stage=lambda _: None)
    exporters = [writes("odd", content, unplannable), fails]
    assert checks.export(exporters, tmp_path / "model.onnx").record.exporter == "odd"


def test_the_last_error_is_raised_where_none_exports(
    spec: ModelSpec, reference: ReferenceRun, tmp_path: Path
) -> None:
    checks = ExportChecks(spec, reference, allow_dead=False, planned=True, on_stage=lambda _: None)
    with pytest.raises(ExportError, match="aten::odd"):
        checks.export([fails, fails], tmp_path / "model.onnx")


def test_constant_outputs_are_no_exporters_fault(spec: ModelSpec, content: bytes, tmp_path: Path) -> None:
    import torch

    network = build("multi_label")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    checks = ExportChecks(
        spec, reference_of(network, spec, neutral_images()[:4]), False, True, lambda _: None
    )
    with pytest.raises(ConstantOutputError):
        checks.export([writes("good", content), fails], tmp_path / "model.onnx")

"""Verification: each wrong file and each constant network is refused, with figures."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from tests.browser.expected import photograph_files
from tests.browser.mutants import scale_one_weight
from tests.materials import MATERIALS, images
from tests.reference import reference_of
from tests.smaller import with_size
from tests.tiny_network import TinyNetwork, plannable
from torch2web.architectures import load_architecture
from torch2web.catalog.load import ModelSpec
from torch2web.catalog.materials import ReferenceImage
from torch2web.errors import ConstantOutputError, ExportError, VerificationError
from torch2web.images.preprocessing import open_rgb
from torch2web.sources.build_network import load_model
from torch2web.sources.export import export_onnx
from torch2web.tasks import Meaning, Task, activate
from torch2web.variants import split_model
from torch2web.verification.compare import (
    VerificationReport,
    measure,
    require_usable,
    require_within_tolerance,
    verify_onnx,
)
from torch2web.verification.reference_run import BATCH_SIZES, ReferenceRun
from torch2web.verification.task_of_network import fit_outputs, recognise_activation


@pytest.fixture(scope="module")
def spec(catalog: dict[str, ModelSpec]) -> ModelSpec:
    return with_size(catalog["mobilenet_emotion"], 128)


@pytest.fixture(scope="module")
def reference(spec: ModelSpec) -> ReferenceRun:
    return reference_of(load_model(spec, None, MATERIALS), spec, images())


@pytest.fixture(scope="module")
def exported(spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_onnx(load_model(spec, None, MATERIALS), spec, path)
    return path


def verify(path: Path, spec: ModelSpec, reference: ReferenceRun) -> VerificationReport:
    return verify_onnx(path, spec, reference, allow_dead=False)


def test_right_file_passes_and_its_figures_mean_something(
    exported: Path, spec: ModelSpec, reference: ReferenceRun
) -> None:
    report = verify(exported, spec, reference)
    assert report.images >= 24
    assert report.batch_sizes == BATCH_SIZES == (1, 5)
    # Exactly 0 would mean that one result was compared with itself.
    assert 0 < report.logits_mean_abs_diff < report.logits_max_abs_diff <= 1e-4
    assert 0 < report.figures["probabilities_max_abs_diff"] <= 1e-4
    assert report.figures["top1_agreement"] == 1
    assert report.top1_classes == 4
    assert report.logits_spread > 0.5
    assert not report.dead


@pytest.mark.parametrize("name", ["mobilenet_emotion", "landmark_cnn_emotion", "efficientnet_emotion"])
def test_photographs_too(demo_site: Path, catalog: dict[str, ModelSpec], name: str) -> None:
    """The built file against PyTorch on photographs, which are not among a build's images."""
    spec = catalog[name]
    photographs = [ReferenceImage(path.name, open_rgb(path)) for path in photograph_files().values()]
    reference = reference_of(load_model(spec, None, MATERIALS), spec, photographs)
    report = verify(demo_site / "models" / spec.output, spec, reference)
    assert report.images == len(photographs) >= 5
    assert 0 < report.logits_max_abs_diff <= 1e-4


def test_export_is_as_asked(exported: Path) -> None:
    model = onnx.load(exported)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 12)]
    assert [value.name for value in model.graph.input] == ["input"]
    assert [value.name for value in model.graph.output] == ["output"]
    assert not [node for node in model.graph.node if node.op_type == "BatchNormalization"]


def test_scaled_weight_tensor_is_caught(
    exported: Path, spec: ModelSpec, reference: ReferenceRun, tmp_path: Path
) -> None:
    scale_one_weight(exported, tmp_path / "scaled.onnx")
    with pytest.raises(VerificationError) as caught:
        verify(tmp_path / "scaled.onnx", spec, reference)
    assert caught.value.figures["max difference"] > 1e-4
    assert caught.value.worst_image in (*reference.image_names, "golden input")
    assert f"worst image: {caught.value.worst_image}" in str(caught.value)


def test_swapped_input_channels_are_caught(
    exported: Path, spec: ModelSpec, reference: ReferenceRun, tmp_path: Path
) -> None:
    model = onnx.load(exported)
    first = next(node for node in model.graph.node if node.op_type == "Conv").input[1]
    weight = next(tensor for tensor in model.graph.initializer if tensor.name == first)
    swapped = np.ascontiguousarray(numpy_helper.to_array(weight)[:, ::-1])
    weight.CopyFrom(numpy_helper.from_array(swapped, first))
    onnx.save(model, tmp_path / "swapped.onnx")
    with pytest.raises(VerificationError, match="logits exceed the tolerance"):
        verify(tmp_path / "swapped.onnx", spec, reference)


def test_file_of_another_model_is_caught(spec: ModelSpec, reference: ReferenceRun, tmp_path: Path) -> None:
    torch.manual_seed(0)
    other = load_architecture("mobilenet_v2").build(4, 224, 224).eval()
    export_onnx(other, spec, tmp_path / "other.onnx")
    with pytest.raises(VerificationError):
        verify(tmp_path / "other.onnx", spec, reference)


def test_truncated_file_is_a_clear_error(
    exported: Path, spec: ModelSpec, reference: ReferenceRun, tmp_path: Path
) -> None:
    (tmp_path / "cut.onnx").write_bytes(exported.read_bytes()[:100_000])
    with pytest.raises(VerificationError, match="onnxruntime cannot load it"):
        verify(tmp_path / "cut.onnx", spec, reference)


def fresh_network() -> torch.nn.Module:
    torch.manual_seed(0)
    return load_architecture("efficientnet_b0").build(4, 224, 224).eval()


def tiny_network() -> torch.nn.Module:
    """The scores come from the biases; the weights have almost no effect."""
    network = plannable()
    with torch.no_grad():
        network.head.weight *= 1e-4  # type: ignore[union-attr, operator]
    return network


@pytest.mark.parametrize("make", [fresh_network, tiny_network])
def test_fresh_network_is_dead(spec: ModelSpec, tmp_path: Path, make: Callable[[], torch.nn.Module]) -> None:
    """Its file matches perfectly, which proves nothing: the output hardly depends on the input."""
    fresh, dead = make(), spec
    path = tmp_path / "fresh.onnx"
    export_onnx(fresh, dead, path)
    reference = reference_of(fresh, dead, images())
    with pytest.raises(ConstantOutputError, match="--allow-dead") as caught:
        verify(path, dead, reference)
    assert caught.value.spread < caught.value.needed
    report = verify_onnx(path, dead, reference, allow_dead=True)
    assert report.dead


def with_logits(reference: ReferenceRun, change: float, at: int) -> dict[int, np.ndarray]:
    found = {size: logits.copy() for size, logits in reference.logits.items()}
    found[5][at, 2] += change
    return found


def test_one_wrong_logit_of_one_image_in_one_batch_is_caught(
    spec: ModelSpec, reference: ReferenceRun
) -> None:
    found = with_logits(reference, 2e-4, 17)
    report = measure(spec, reference, found, reference.golden_logits)
    with pytest.raises(VerificationError) as caught:
        require_within_tolerance(spec, report)
    assert caught.value.worst_image == reference.image_names[17]


def test_agreement_is_counted_in_pictures(spec: ModelSpec, reference: ReferenceRun) -> None:
    """One that differs at one batch size differs; the golden input is no picture."""
    golden = reference.golden_logits[:, ::-1]  # of four scores, the highest is another one then
    assert measure(spec, reference, reference.logits, golden).figures["top1_agreement"] == 1
    found = {size: logits.copy() for size, logits in reference.logits.items()}
    found[5][17] = found[5][17][::-1]
    report = measure(spec, reference, found, reference.golden_logits)
    pictures = len(reference.image_names)
    assert report.figures["top1_agreement"] == pytest.approx((pictures - 1) / pictures, abs=1e-12)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_logits_that_are_not_finite_are_caught(
    spec: ModelSpec, reference: ReferenceRun, value: float
) -> None:
    found = with_logits(reference, value, 3)
    with pytest.raises(VerificationError) as caught:
        measure(spec, reference, found, reference.golden_logits)
    assert caught.value.worst_image == reference.image_names[3]
    assert "NaN or infinite" in str(caught.value)
    with pytest.raises(VerificationError, match="the PyTorch model outputs NaN or infinite"):
        require_usable(spec, replace(reference, logits=found))


def test_labels_must_fit_the_output(spec: ModelSpec, reference: ReferenceRun) -> None:
    with pytest.raises(
        VerificationError, match=r"shape \[30, 4\] in PyTorch, expected \[batch, 2\], one per label"
    ):
        require_usable(replace(spec, labels=("yes", "no")), reference)


def graph_of(path: Path) -> bytes:
    return split_model(path).graph


@pytest.mark.parametrize(
    ("activation", "of"),
    [
        (torch.nn.Identity(), None),
        (torch.nn.Softmax(dim=1), "softmax"),
        (torch.nn.LogSoftmax(dim=1), None),
        (torch.nn.Sigmoid(), "sigmoid"),
        (torch.nn.Sequential(torch.nn.Sigmoid(), torch.nn.Flatten()), "sigmoid"),
        (torch.nn.Hardsigmoid(), "sigmoid"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, torch.nn.Module) else "",
)
def test_network_that_ends_in_an_activation(
    spec: ModelSpec, tmp_path: Path, activation: torch.nn.Module, of: Meaning | None
) -> None:
    """Softmax is not applied again, which would flatten the probabilities."""
    model = torch.nn.Sequential(plannable(), activation).eval()
    reference = reference_of(model, spec, images()[:8])
    export_onnx(model, spec, tmp_path / "model.onnx")
    graph = graph_of(tmp_path / "model.onnx")
    found = recognise_activation(graph, spec, reference).task
    if of is None:
        assert found == Task()
        with pytest.raises(VerificationError, match="ends in neither softmax nor sigmoid"):
            recognise_activation(graph, replace(spec, task=Task("probabilities")), reference)
        return
    assert found == Task("probabilities", (0.5,) * 4 if of == "sigmoid" else (), of=of)
    assert recognise_activation(graph, replace(spec, task=Task("probabilities")), reference).task == found
    probabilities = activate(found, reference.golden_logits)
    np.testing.assert_array_equal(probabilities, reference.golden_logits.astype(np.float64))


def test_one_number_for_two_labels_is_that_of_the_second(spec: ModelSpec, tmp_path: Path) -> None:
    two = replace(spec, labels=("no", "yes"))
    for last, kind in ((torch.nn.Identity(), "binary"), (torch.nn.Sigmoid(), "probabilities")):
        model = torch.nn.Sequential(TinyNetwork(torch.relu, 1), last).eval()
        reference = reference_of(model, two, images()[:8])
        fitted = fit_outputs(two, reference)
        require_usable(fitted, reference)
        export_onnx(model, fitted, tmp_path / "model.onnx")
        task = recognise_activation(graph_of(tmp_path / "model.onnx"), fitted, reference).task
        assert (task.kind, task.meaning, task.thresholds) == (kind, "binary", (0.5,))
        report = verify_onnx(tmp_path / "model.onnx", replace(fitted, task=task), reference, allow_dead=True)
        assert set(report.figures) == {"probabilities_max_abs_diff", "top1_agreement"}


def test_export_with_another_opset_is_refused(
    spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Like torch's newer exporter, which was asked for 12 and writes 18 with a warning."""
    original = torch.onnx.export

    def at_18(*arguments: object, **options: object) -> None:
        original(*arguments, **{**options, "opset_version": 18})  # type: ignore[arg-type]

    monkeypatch.setattr(torch.onnx, "export", at_18)
    with pytest.raises(ExportError, match=r"found opsets \{'': 18\}"):
        export_onnx(load_model(spec, None, MATERIALS), spec, tmp_path / "model.onnx")


def test_network_that_onnx_cannot_express_is_a_clear_error(spec: ModelSpec, tmp_path: Path) -> None:
    class Odd(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            values: torch.Tensor = torch.linalg.eigvals(x[:, 0]).real[:, :4]
            return values

    with pytest.raises(ExportError, match="cannot express"):
        export_onnx(Odd(), spec, tmp_path / "odd.onnx")

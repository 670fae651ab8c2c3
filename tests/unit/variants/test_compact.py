"""The variant `compact`: rate and distortion by layer, and the search for the smallest weights that pass."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load

from tests.conftest import ROOT
from tests.materials import MATERIALS, images
from tests.reference import reference_of
from tests.tiny_network import plannable
from torch2web.catalog.load import ModelSpec, load_catalog
from torch2web.cli.summary import SEARCHED
from torch2web.coding import file_size
from torch2web.images import preprocess
from torch2web.sources.export import export_onnx
from torch2web.tasks import Gate
from torch2web.variants import COMPACT, Calibration, Refused, Search, Variant, make_variants
from torch2web.variants.compact import Candidate, CompactSearch, Point
from torch2web.variants.compact.bracket import Bracket
from torch2web.variants.compact.choice import MULTIPLES, Unit, bits_of, choose
from torch2web.variants.encodings import Weight, as_int8
from torch2web.variants.rounding import HALF, Rounding
from torch2web.variants.rounding.compensated import PairCompensation
from torch2web.variants.rounding.few_columns import ColumnCompensation
from torch2web.variants.split import SplitModel, split_model
from torch2web.verification import ReferenceRun, calibration_images, search_images

RANDOM = np.random.Generator(np.random.PCG64(21))


def unit(weights: int, sensitivity: float) -> Unit:
    bits = {HALF: 14.0} | {multiple: 8 - float(np.log2(multiple)) for multiple in MULTIPLES}
    return Unit(weights, bits, sensitivity)


def test_what_matters_more_is_rounded_finer() -> None:
    units = [unit(1000, 1e-6), unit(1000, 1e-8), unit(100_000, 1e-6)]
    fine, coarse, large = choose(units, 1e-4)
    # Steps by the root of weights over sensitivity: 10 times as many, to a quarter of a power of two.
    assert coarse / fine == pytest.approx(10, rel=0.2)
    assert large / fine == pytest.approx(10, rel=0.2)
    assert (
        sum(each.change(multiple) for each, multiple in zip(units, (fine, coarse, large), strict=True))
        <= 1e-4
    )


@pytest.mark.parametrize("power", [0.5, 1, 2])
@pytest.mark.parametrize("first", [1e-8, 1e-4, 1.0])
def test_search_comes_close_to_the_margin(power: float, first: float) -> None:
    """Where the share of the gate is the root of the change, as assumed, or steeper, or flatter."""
    bracket, margin = Bracket(first), 0.8
    shares = []
    for _ in range(14):
        shares.append((bracket.change / 3e-5) ** power)
        bracket.measured(shares[-1], margin)
    assert 0.7 * margin < max(share for share in shares if share <= margin)


def test_search_halves_the_distance_to_a_step() -> None:
    """A layer that tips over: 0.1 of the gate below a change of 1, twice the gate above it."""
    bracket = Bracket(0.2)
    for _ in range(6):
        bracket.measured(0.1 if bracket.change < 1 else 2.0, margin=0.8)
    assert bracket.within < 1 <= bracket.beyond < 1.5 * bracket.within


def test_less_change_takes_more_bits() -> None:
    units = [unit(1000, 10.0**-power) for power in range(4, 10)]

    def bits(change: float) -> float:
        return sum(each.bits[multiple] for each, multiple in zip(units, choose(units, change), strict=True))

    assert bits(1e-2) < bits(1e-4) < bits(1e-6)
    # No integers are fine enough: numbers in half precision, which change nothing that is measured.
    assert set(choose(units, 1e-30)) == {HALF}


def test_bits_are_those_of_the_integers() -> None:
    weight = Weight("w0", RANDOM.normal(size=(16, 500)).astype(np.float32), 0)
    bits = bits_of([weight])
    counts = np.unique(as_int8(weight)["w0"], return_counts=True)[1]
    shares = counts / weight.values.size
    assert bits[1] == pytest.approx(-(shares * np.log2(shares)).sum(), rel=0.03)
    assert bits[1] - bits[16] == pytest.approx(4, abs=0.1)


def test_bits_of_channels_with_other_steps_are_their_mean() -> None:
    weight = Weight("w0", RANDOM.normal(size=(16, 500)).astype(np.float32), 0)
    even, twice, mixed = (bits_of([weight], np.array(factors)) for factors in ([1.0], [2.0], [1.0, 2.0]))
    assert twice[4] == pytest.approx(even[8])
    assert mixed[4] == pytest.approx((even[4] + even[8]) / 2)


def test_columns_compensate_as_pairs_do() -> None:
    """Sums are far nearer than those of the nearest integers, with other columns of their kind too."""
    inputs, outputs, largest = 600, 9, 7
    mixing = RANDOM.normal(size=(5, inputs))
    seen, unseen = (RANDOM.normal(size=(count, 5)) @ mixing for count in (12, 40))
    weights = RANDOM.normal(size=(1, outputs, inputs))
    steps = np.abs(weights).max(axis=2, keepdims=True) / largest

    def error(integers: NDArray[np.number], columns: NDArray[np.float64]) -> float:
        return float(np.square((integers * steps - weights)[0] @ columns.T).mean())

    columns = ColumnCompensation(seen).round(weights, steps, largest)
    pairs = PairCompensation((seen.T @ seen)[np.newaxis]).round(weights, steps, largest)
    nearest = np.rint(weights / steps)
    assert columns.dtype == np.int8
    assert columns.shape == weights.shape
    assert np.abs(columns).max() <= largest
    assert error(pairs, seen) < error(columns, seen) < error(nearest, seen) / 50
    assert error(columns, unseen) < error(nearest, unseen) / 50


@pytest.fixture(scope="module")
def spec(catalog: dict[str, ModelSpec]) -> ModelSpec:
    return catalog["mobilenet_emotion"]


@pytest.fixture(scope="module")
def reference(spec: ModelSpec) -> ReferenceRun:
    return reference_of(plannable(), spec, images())


@pytest.fixture(scope="module")
def split(spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> SplitModel:
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_onnx(plannable(), spec, path)
    return split_model(path)


@cache
def inputs(search: bool) -> NDArray[np.float32]:
    preprocessing = load_catalog(ROOT / "models.toml")[0].preprocessing
    found = (
        search_images(MATERIALS.search_images())
        if search
        else calibration_images(MATERIALS.calibration_images())
    )
    return np.stack([preprocess(picture.image, preprocessing) for picture in found])


def outcomes(split: SplitModel, spec: ModelSpec, reference: ReferenceRun) -> dict[str, Variant | Refused]:
    steps: list[tuple[int, int]] = []
    search = Search(lambda: inputs(True), lambda done, total: steps.append((done, total)))
    made = {
        outcome.name: outcome
        for outcome in make_variants(
            split, spec, reference, lambda: Calibration(inputs(False), [1] * 30), search
        )
    }
    assert list(made)[-1] == COMPACT == SEARCHED
    assert all(0 < done <= total for done, total in steps)
    return made


def test_compact_passes_and_is_smaller(split: SplitModel, spec: ModelSpec, reference: ReferenceRun) -> None:
    lenient = replace(spec, gate=Gate(0, 0.1))
    all_made, again = outcomes(split, lenient, reference), outcomes(split, lenient, reference)[COMPACT]
    made, int8 = all_made[COMPACT], all_made["int8"]
    assert isinstance(made, Variant)
    assert isinstance(again, Variant)
    assert made.content == again.content
    assert isinstance(int8, Variant)
    assert file_size(made.content) < file_size(int8.content)
    assert made.verification["probabilities_max_abs_diff"] > 0.02  # as coarse as it may be
    assert made.calibration_images == 30
    sizes = [point.bytes for point in made.search]
    assert sizes == sorted(sizes)
    assert min(point.share for point in made.search) <= 0.8
    integers = load(made.content)["w0"]
    assert len(np.unique(integers)) < len(np.unique(load(int8.content)["w0"]))


def test_other_labels_are_no_point_of_the_curve(
    split: SplitModel, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their share of the gate is infinite, which no report shows and JSON does not have."""
    shares = iter((math.inf, 0.7))
    monkeypatch.setattr(Gate, "share_used", lambda *_: next(shares))
    rounding = Rounding(split, Calibration(inputs(False)[:2], [1, 1]), spec.task)
    found = CompactSearch(rounding, spec, inputs(True)[:2], lambda *_: None)
    assert [point.share for point in next(found.candidates()).points] == [0.7]


def test_a_candidate_is_encoded_with_its_own_multiples(
    split: SplitModel, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of one candidate for the next is of the same multiples."""
    multiples, shares = iter(((16.0,), (4.0,))), iter((3.0, 0.7))
    monkeypatch.setattr("torch2web.variants.compact.search.choose", lambda *_: next(multiples))
    monkeypatch.setattr(Gate, "share_used", lambda *_: next(shares))
    rounding = Rounding(split, Calibration(inputs(False)[:2], [1, 1]), spec.task)
    found = next(CompactSearch(rounding, spec, inputs(True)[:2], lambda *_: None).candidates())
    (unit,) = rounding.units
    expected = rounding.encode(unit, 4.0)
    assert found.tensors.keys() == expected.keys()
    assert all(np.array_equal(found.tensors[name], expected[name]) for name in expected)


def test_a_gate_that_nothing_passes_refuses_it(
    split: SplitModel, spec: ModelSpec, reference: ReferenceRun
) -> None:
    made = outcomes(split, replace(spec, gate=Gate(1, 1e-12)), reference)[COMPACT]
    assert isinstance(made, Refused)
    assert made.reason == "no rounding passed on the pictures of the search"


@pytest.mark.parametrize("good", [True, False])
def test_finer_ones_follow_where_the_reference_run_refuses(
    good: bool, split: SplitModel, spec: ModelSpec, reference: ReferenceRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    (weight,) = split.weights
    coarse = as_int8(replace(weight, values=weight.values[::-1].copy()))
    points = (Point(10, 0.5), Point(20, 0.1))
    candidates = [Candidate(coarse, points[:1]), Candidate(as_int8(weight) if good else coarse, points)]

    class Found:
        def __init__(self, *_: object) -> None:
            pass

        def candidates(self) -> Iterator[Candidate]:
            yield from candidates

    monkeypatch.setattr("torch2web.variants.selection.CompactSearch", Found)
    # Nothing but the nearest integers, without compensation, which this gate accepts.
    made = outcomes(split, replace(spec, gate=Gate(0.9, 0.3)), reference)[COMPACT]
    if good:
        assert isinstance(made, Variant)
        assert made.search == points
    else:
        assert isinstance(made, Refused)
        assert made.verification is not None, "the figures of the last one"

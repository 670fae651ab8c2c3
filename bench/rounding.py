"""What rounding of the demo's weights to 4 to 8 bits costs: to the nearest, and with error compensation;
and the variant `compact`, whose steps differ by layer."""

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from bench.site import built_site
from torch2web.catalog import ModelSpec, ReferenceImage
from torch2web.catalog.default import default_materials, demo_catalog
from torch2web.catalog.load import load_catalog
from torch2web.cli.terminal.console import Output
from torch2web.coding import file_size
from torch2web.images import preprocess
from torch2web.pipeline.conversion.calibration import calibration_inputs
from torch2web.pipeline.own_pictures import OwnPictures
from torch2web.tasks import figures
from torch2web.variants import SplitModel, Tensors, decode_all, split_model
from torch2web.variants.compact import CompactSearch
from torch2web.variants.encodings import as_int8
from torch2web.variants.rounding import Rounding, encode_compensated
from torch2web.verification import (
    create_session_with,
    reference_images,
    run_session,
    search_images,
)

LARGEST = (127, 63, 31, 15, 7)
"""Largest integers: those of 8 to 4 bits."""


def measure_rounding(output: Output) -> None:
    """MiB of the weights as a site stores them, and the largest difference of a probability on the
    reference images, which calibration does not see."""
    materials = default_materials()
    for spec in load_catalog(demo_catalog()):
        judged = _inputs(spec, reference_images(materials.reference_images()))
        calibration = calibration_inputs(spec, materials, OwnPictures(None, spec, lambda *_: None))
        with built_site(spec.name) as site:
            split = split_model(site / "models" / spec.output)
        expected = _run(split, {weight.name: weight.values for weight in split.weights}, judged)
        rounding = Rounding(split, calibration, spec.task)
        rows = []
        for largest in LARGEST:
            nearest: Tensors = {}
            for weight in split.weights:
                nearest |= as_int8(weight, largest)
            compensated = encode_compensated(rounding, largest)
            found = [
                figures(spec.task, expected, _run(split, decode_all(tensors), judged))
                for tensors in (nearest, compensated)
            ]
            rows.append(
                (
                    f"{largest.bit_length() + 1}",
                    f"{_coded_mib(compensated):.2f}",
                    *(f"{figure['probabilities_max_abs_diff']:.4f}" for figure in found),
                )
            )
        rows += _compact(spec, rounding, expected, judged)
        size = len(save(nearest)) / 2**20
        output.table(
            (f"{spec.title}, int8 {size:.2f} MiB: bits", "coded, MiB", "nearest", "compensated"), rows
        )


def _compact(
    spec: ModelSpec, rounding: Rounding, expected: NDArray[np.float32], judged: NDArray[np.float32]
) -> Iterator[tuple[str, str, str, str]]:
    """A row for each candidate of the search, the coarsest first, with its processor time."""
    searched = _inputs(spec, search_images(default_materials().search_images()))
    started = time.process_time()
    for candidate in CompactSearch(rounding, spec, searched, lambda *_: None).candidates():
        found = figures(spec.task, expected, _run(rounding.split, decode_all(candidate.tensors), judged))
        yield (
            f"compact, {time.process_time() - started:.0f} s",
            f"{_coded_mib(candidate.tensors):.2f}",
            "",
            f"{found['probabilities_max_abs_diff']:.4f}",
        )


def _inputs(spec: ModelSpec, images: tuple[ReferenceImage, ...]) -> NDArray[np.float32]:
    return np.stack([preprocess(image.image, spec.preprocessing) for image in images])


def _run(
    split: SplitModel, weights: dict[str, NDArray[np.float32]], inputs: NDArray[np.float32]
) -> NDArray[np.float32]:
    session = create_session_with(split.graph, weights)
    return np.concatenate([run_session(session, image[np.newaxis]) for image in inputs])


def _coded_mib(tensors: Tensors) -> float:
    return file_size(save(tensors)) / 2**20

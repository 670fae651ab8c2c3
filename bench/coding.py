"""Bytes of the demo's weights: plain, in Brotli, at their entropy and coded; and the speed."""

import json
import time
from collections.abc import Iterator

import brotli
import numpy as np

from bench.site import built_site
from torch2web.cli.terminal.console import Output
from torch2web.coding import decode_part, encode_parts
from torch2web.coding.segments import Span, planes_of, segments_of, spans_of
from torch2web.site.manifest.check import read_manifest
from torch2web.store import PART_SIZE, join_parts

LISTED = 65536
"""Elements from which on a tensor has a row of its own."""


def measure_coding(output: Output) -> None:
    """A table of variants, then one of the larger layers of each default variant."""
    variants, layers = [], []
    options = ("--no-verify-page", "--no-precompressed", "--no-full-onnx")
    with built_site(options=(*options, "--effort", "full", "--variants", "all")) as site:
        for model in read_manifest((site / "models/model_info.json").read_bytes())["models"]:
            for variant in model["variants"]:
                content = join_parts(site, variant["weights"])
                title = f"{model['name']}/{variant['name']}"
                variants.append((title, *_row(content)))
                if variant is model["variants"][0]:
                    layers += [(f"{model['name']} {name}", *row) for name, *row in _layers(content)]
    columns = ("bytes", "plain", "brotli", "entropy", "coded", "of plain", "of brotli", "encode s", "MB/s")
    output.table(columns, variants)
    output.table(("layer", "plain", "entropy", "coded", "over"), layers)


def _row(content: bytes) -> Iterator[str]:
    started = time.perf_counter()
    parts = list(encode_parts(content, PART_SIZE))
    encoded = time.perf_counter() - started
    started = time.perf_counter()
    for part, size in parts:
        if size is not None:
            decode_part(part, size)
    decoded = time.perf_counter() - started
    coded = sum(len(part) for part, _ in parts)
    compressed = len(brotli.compress(content, quality=5))
    yield from (f"{len(content):,}", f"{compressed:,}")
    yield f"{sum(_entropy(content, span) for span in spans_of(content)):,.0f}"
    yield from (f"{coded:,}", f"{coded / len(content):.3f}", f"{coded / compressed:.3f}")
    yield from (f"{encoded:.1f}", f"{len(content) / decoded / 1e6:.0f}")


def _layers(content: bytes) -> Iterator[tuple[str, ...]]:
    """The larger tensors, each with tables of its own."""
    names = {
        entry["data_offsets"][0]: name
        for name, entry in json.loads(content[8 : spans_of(content)[0].stop]).items()
        if name != "__metadata__"
    }
    start, *tensors = spans_of(content)
    for span in tensors:
        plain = span.stop - span.start
        if span.numbers < LISTED:
            continue
        bound = _entropy(content, span)
        coded = sum(segment.size for segment in segments_of(content, [span], span.start, span.stop))
        name = names[span.start - start.stop]
        yield name, f"{plain:,}", f"{bound:,.0f}", f"{coded:,}", f"{coded / bound - 1:.2%}"


def _entropy(content: bytes, span: Span) -> float:
    """Bytes of the planes of a tensor, if each number had no relation to another."""
    total = 0.0
    for plane in planes_of(content, span):
        counts = np.bincount(plane)
        shares = counts[counts > 0] / len(plane)
        total -= len(plane) * float((shares * np.log2(shares)).sum()) / 8
    return total

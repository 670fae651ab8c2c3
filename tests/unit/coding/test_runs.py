"""Tables of their own for runs of a large tensor whose numbers differ."""

import numpy as np
import pytest
from safetensors.numpy import save

from torch2web.coding import decode_part, encode_parts, estimated_file_size, file_size
from torch2web.coding.runs import BITS_OF_SYMBOL, CHUNK, HEAD_BITS, LARGE, entropy_bits, runs_of

RANDOM = np.random.Generator(np.random.PCG64(8))
FINE = RANDOM.integers(-60, 60, LARGE, np.int8)
COARSE = (20 * RANDOM.integers(-2, 3, LARGE)).astype(np.int8)
BOTH = np.concatenate([FINE, COARSE])


def lengths(numbers: np.ndarray[tuple[int], np.dtype[np.int8]]) -> list[int]:
    return list(runs_of(numbers.view(np.uint8)))


def test_numbers_of_one_kind_stay_together() -> None:
    assert lengths(FINE) == [LARGE]
    assert lengths(FINE[: LARGE + 5 - CHUNK]) == [LARGE + 5 - CHUNK]
    assert lengths(np.zeros(LARGE + 77, np.int8)) == [LARGE + 77]


def test_runs_begin_where_the_kind_changes() -> None:
    assert lengths(BOTH) == [LARGE, LARGE]
    moved = lengths(BOTH[300:])
    assert sum(moved) == len(BOTH) - 300
    assert any(abs(sum(moved[:number]) - (LARGE - 300)) <= CHUNK for number in range(1, len(moved)))


@pytest.mark.parametrize("chunks", [1, 3, 40, 1000])
def test_chunks_are_looked_at_one_after_the_other(chunks: int) -> None:
    """Several are computed at once; the runs are those of the definition."""
    random = np.random.Generator(np.random.PCG64(chunks))
    scales = np.repeat(random.uniform(1, 30, 300 // chunks + 1), chunks * CHUNK)[: 300 * CHUNK + 9]
    numbers = np.rint(random.normal(scale=scales)).clip(-127, 127).astype(np.int8)
    counts = [
        np.bincount(part.view(np.uint8), minlength=256)
        for part in np.split(numbers[:-9], range(CHUNK, 300 * CHUNK, CHUNK))
    ]
    found, run = [CHUNK], counts[0]
    for chunk in counts[1:]:
        more = int(entropy_bits(run + chunk) - entropy_bits(run) - entropy_bits(chunk))
        if more > HEAD_BITS + BITS_OF_SYMBOL * np.count_nonzero(chunk):
            found.append(CHUNK)
            run = chunk
        else:
            found[-1] += CHUNK
            run = run + chunk
    found[-1] += 9
    assert len(found) > 1
    assert lengths(numbers) == found


def test_small_tensors_have_one_run() -> None:
    assert lengths(BOTH[LARGE - 900 : LARGE + 900]) == [1800]


def test_coded_as_if_they_were_tensors_of_their_own() -> None:
    together, apart = save({"a": BOTH}), save({"a": FINE, "b": COARSE})
    assert file_size(together) < file_size(apart) + 50
    parts = list(encode_parts(together, 2**20))
    assert sum(len(part) for part, _ in parts) < file_size(together) + 50
    assert b"".join(part if size is None else decode_part(part, size) for part, size in parts) == together


def test_sizes_of_large_files_are_estimated_within_two_percent() -> None:
    random = np.random.Generator(np.random.PCG64(7))
    narrow, wide = (np.rint(random.normal(scale=scale, size=(64, 65_536))) for scale in (1.5, 12))
    rows = np.concatenate([narrow, wide], axis=1).clip(-127, 127).astype(np.int8)
    large = save({"a": rows, "b": random.normal(size=200_000).astype(np.float32)})
    small = save({"a": rows[:4]})
    assert estimated_file_size(large) == pytest.approx(file_size(large), rel=0.02)
    assert estimated_file_size(large) != file_size(large), "an estimate"
    assert isinstance(estimated_file_size(large), int), "which JSON has, unlike NumPy's"
    assert estimated_file_size(small) == file_size(small)

"""Coding of parts: lossless for every type and edge, near the entropy, and refusing damage."""

import numpy as np
import pytest
from safetensors.numpy import load, save

from tests.unit.coding.cases import file_of, multiples, round_trip, tensors
from torch2web.coding import DamagedPartError, decode_part, encode_parts

MIB = 2**20


@pytest.mark.parametrize("name", tensors())
def test_each_kind_of_tensor_comes_back(name: str) -> None:
    content = file_of(name)
    back, stored = round_trip(content, MIB)
    assert back == content
    assert stored <= len(content), "never larger than uncoded"


@pytest.mark.parametrize("part_size", [1, 5, 4097, 30_001, MIB])
def test_a_file_cut_anywhere_comes_back(part_size: int) -> None:
    content = file_of() if part_size > 1000 else file_of("seven", "one float")
    assert round_trip(content, part_size)[0] == content


def test_a_file_in_one_part_without_tensors_comes_back() -> None:
    assert round_trip(save({}), MIB)[0] == save({})


def entropy(values: np.ndarray) -> float:
    """Bytes."""
    counts = np.unique(values, return_counts=True)[1]
    return float(-(counts * np.log2(counts / counts.sum())).sum() / 8)


@pytest.mark.parametrize("spread", [0.4, 2, 12, 40])
def test_integers_take_their_entropy(spread: float) -> None:
    values = np.rint(np.random.default_rng(1).normal(0, spread, 200_000)).clip(-127, 127).astype(np.int8)
    content = save({"w": values})
    back, stored = round_trip(content, MIB)
    assert back == content
    assert stored < 1.005 * entropy(values) + 250


@pytest.mark.parametrize("spread", [40, 160, 600])
@pytest.mark.parametrize("power", [0, 7, 15])
def test_multiples_of_a_power_of_two_take_the_entropy_of_their_integers(spread: float, power: int) -> None:
    """Which half precision spreads over exponent and digits."""
    values = multiples(power, spread, 200_000)
    content = save({"w": values})
    back, stored = round_trip(content, MIB)
    assert back == content
    assert stored < 1.005 * entropy(values) + 400


def test_parts_of_a_tensor_of_multiples_are_coded_as_such() -> None:
    content = save({"w": multiples(9, 60, 200_000)})
    stored = [len(coded) for coded, _ in encode_parts(content, 99_999)]
    assert len(stored) == 5
    assert sum(stored) < 1.01 * entropy(multiples(9, 60, 200_000)) + 1500


@pytest.mark.parametrize(("kind", "share"), [(np.float16, 0.86), (np.float32, 0.84)])
def test_floats_take_less_without_their_common_exponents(kind: type, share: float) -> None:
    content = save({"w": np.random.default_rng(1).normal(0, 0.05, 100_000).astype(kind)})
    back, stored = round_trip(content, MIB)
    assert back == content
    assert stored < share * len(content)


def test_small_tensors_of_a_kind_share_a_table() -> None:
    random = np.random.default_rng(2)
    alike = {f"w{i}": random.integers(-8, 9, 300).astype(np.int8) for i in range(40)}
    _, together = round_trip(save(alike), MIB)
    apart = sum(round_trip(save({name: values}), MIB)[1] for name, values in alike.items())
    assert together < 0.8 * apart


def test_the_same_bytes_every_time() -> None:
    assert list(encode_parts(file_of(), 30_000)) == list(encode_parts(file_of(), 30_000))


def coded() -> tuple[bytes, int]:
    """A part with every kind of plane."""
    ((content, size),) = encode_parts(
        file_of("bell", "few", "half", "multiples", "noise", "all the same"), MIB
    )
    assert size is not None
    return content, size


@pytest.mark.parametrize("change", [-1, 1, 1000])
def test_a_part_of_another_size_is_refused(change: int) -> None:
    content, size = coded()
    with pytest.raises(DamagedPartError, match=f"expected one of {size + change} bytes"):
        decode_part(content, size + change)


def test_a_part_cut_short_or_too_long_is_refused() -> None:
    content, size = coded()
    for damaged in (b"", content[:1], content[:-1], content[: len(content) // 2], content + b"\0"):
        with pytest.raises(DamagedPartError):
            decode_part(damaged, size)


def test_an_altered_part_is_refused_or_decodes_to_other_bytes_of_its_size() -> None:
    """Raw planes are any bytes; the part's hash is checked before it is decoded."""
    content, size = coded()
    whole = decode_part(content, size)
    random = np.random.default_rng(5)
    refused = 0
    for _ in range(150):
        altered = bytearray(content)
        altered[int(random.integers(len(altered)))] ^= int(random.integers(1, 256))
        try:
            found = decode_part(bytes(altered), size)
        except DamagedPartError:
            refused += 1
        else:
            assert len(found) == size
            assert found != whole
    assert refused > 50


def test_weights_are_the_same_tensors_afterwards() -> None:
    found = load(round_trip(file_of(), 30_001)[0])
    for name, values in tensors().items():
        assert found[name].tobytes() == values.tobytes()

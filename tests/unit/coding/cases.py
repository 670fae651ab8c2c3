"""Tensors to code: ordinary ones and edges."""

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from torch2web.coding import decode_part, encode_parts


def tensors() -> dict[str, NDArray[np.generic]]:
    random = np.random.default_rng(3)
    bell = random.normal(0, 30, (64, 33)).clip(-127, 127).astype(np.int8)
    return {
        "bell": bell,
        "few": random.integers(-2, 3, (7, 1001)).astype(np.int8),
        "around zero and 128": random.choice(np.array([-128, 127, -1, 0], np.int8), 5000),
        "all bytes": np.arange(1024).astype(np.int8),
        "noise": random.integers(0, 256, 3000).astype(np.uint8),
        "two symbols, one rare": (np.arange(20_000) == 7).astype(np.int8),
        "all the same": np.full(777, -3, np.int8),
        "one number": np.array([5], np.int8),
        "seven": np.arange(7, dtype=np.int8),
        "eight": np.arange(8, dtype=np.int8),
        "none": np.zeros((0, 3), np.int8),
        "half": random.normal(0, 0.05, (31, 65)).astype(np.float16),
        "single": random.normal(0, 0.05, (31, 65)).astype(np.float32),
        "special": np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1e-45, 3e38] * 40, np.float32),
        "zeros": np.zeros(4096, np.float32),
        "one float": np.array([1.5], np.float32),
        "multiples": multiples(9, 60),
        "multiples of all digits": multiples(9, 1500),
        "multiples of the smallest": multiples(0, 700),
        "multiples of the largest": multiples(29, 9).clip(-65504, 65504),
        "multiples of more than the largest power": 64 * random.integers(-900, 900, 3001).astype(np.float16),
        "few multiples": multiples(9, 60, 40),
        "no multiple": np.append(multiples(9, 60), np.float16(4e4)),
        "infinite multiples": np.append(multiples(9, 60), np.float16(np.inf)),
        "multiples with a negative zero": np.append(multiples(9, 60), np.float16(-0.0)),
        "multiples of nothing": np.zeros(2000, np.float16),
        "pairs": random.integers(0, 256, (32, 20)).astype(np.uint8),
    }


def multiples(power: int, spread: float, count: int = 3001) -> NDArray[np.float16]:
    """Halves that are integers up to 2047 times 2^power of the smallest."""
    integers = np.random.default_rng(power).normal(0, spread, count).clip(-2047, 2047).astype(np.int64)
    return (integers * 2.0 ** (power - 24)).astype(np.float16)


def file_of(*names: str) -> bytes:
    """A safetensors file with some of the tensors; all without names."""
    chosen = tensors()
    return save({name: chosen[name] for name in names or chosen})


def round_trip(content: bytes, part_size: int) -> tuple[bytes, int]:
    """`content` after coding in parts and decoding, and the bytes that were stored."""
    parts = list(encode_parts(content, part_size))
    back = b"".join(coded if size is None else decode_part(coded, size) for coded, size in parts)
    return back, sum(len(coded) for coded, _ in parts)

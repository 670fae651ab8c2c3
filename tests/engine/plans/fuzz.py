"""Damaged plans for the sanitized engine: `python -m tests.engine.plans.fuzz LIBRARY SEED COUNT`.

In each plan one to three words are changed and the checksum is corrected. The engine must refuse it, or run
it without accessing anything outside the memory that it asked for. A plan with stored weights may also be
refused when these arrive, since they are those of the undamaged plan.
"""

import struct
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from ctypes import CDLL
from dataclasses import dataclass, fields

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.engine.native_engine import NativeEngine
from tests.engine.plans.cases.operators import CASES
from tests.engine.plans.cases.random_networks import random_network
from tests.engine.plans.running import model_of
from tests.engine.plans.sanitized import WIDTHS, stored_parts, stored_rows
from tests.engine.plans.test_instructions import OPERATORS, operators_of, words_of
from tests.engine.plans.test_stored_weights import lower_limits, stored_as
from torch2web.plan import plan_model
from torch2web.plan.codegen import checksum
from torch2web.plan.engine_driver import EngineError, Tensors
from torch2web.plan.format import HeaderWords, PackedWeightWords, PackRuleWords, TensorWords
from torch2web.variants.encodings import ENCODINGS

MAX_BYTES = 64 * 2**20
"""That an accepted plan may ask for and still be run."""

HEADER = tuple(entry.name for entry in fields(HeaderWords))

_INTERESTING = (0, 1, 2, 3, 7, 8, 2**24, 2**28, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 2)


@dataclass(frozen=True)
class Whole:
    plan: bytes
    tensors: Tensors


def plans(seed: int) -> list[Whole]:
    """Plans of random networks and of every seventh operator case."""
    made = [plan_model(random_network(number)[0]) for number in range(seed, seed + 4)]
    for nodes, shape, constants, opset in list(CASES.values())[seed % 7 :: 7]:
        made.append(plan_model(model_of(nodes, ("batch", *shape), constants, opset)))
    return [Whole(plan.content, {}) for plan in made if plan.operators]


def stored_plans() -> Iterator[Whole]:
    """Plans with weights in each encoding, including a matrix that is computed in its stored form."""
    for parts in (*map(stored_parts, WIDTHS), stored_rows()):
        plan = plan_model(onnx.load_from_string(parts.graph))
        assert "MATRIX" in plan.operators
        for encoding in ENCODINGS:
            yield Whole(plan.content, stored_as(parts, encoding))


def instructions() -> dict[str, list[tuple[Whole, range]]]:
    """The words of each operator, in three plans at most."""
    found: dict[str, list[tuple[Whole, range]]] = {operator.name: [] for operator in OPERATORS.values()}
    plans = [*stored_plans()]
    depthwise = helper.make_node("Conv", ["input", "w"], ["c"], group=8)
    mean = helper.make_node("GlobalAveragePool", ["c"], ["output"])
    pooled = ([depthwise, mean], (8, 5, 5), {"w": np.ones((8, 1, 3, 3), np.float32)}, 13)
    for nodes, shape, constants, opset in (pooled, *CASES.values()):
        plans.append(Whole(plan_model(model_of(nodes, ("batch", *shape), constants, opset)).content, {}))
    for whole in plans:
        for at, operator in operators_of(whole.plan):
            places = found[operator.name]
            if len(places) < 3 and (not places or places[-1][0] is not whole):
                places.append((whole, range(at, at + len(words_of(operator)))))
    assert all(found.values()), [name for name, places in found.items() if not places]
    return found


def damaged_instruction(plan: bytes, places: range, random: np.random.Generator) -> bytes:
    """One to three words of one instruction are changed: to another number, or to that of another word."""
    words = list(struct.unpack(f"<{len(plan) // 4}I", plan))
    for _ in range(random.integers(1, 4)):
        at = int(random.choice(places))
        match random.integers(4):
            case 0:
                words[at] = int(random.choice(_INTERESTING))
            case 1:
                words[at] = (words[at] + int(random.integers(-9, 10))) % 2**32
            case 2:
                words[at] = words[at] * 2 % 2**32
            case _:
                other = int(random.choice(places))
                words[at], words[other] = words[other], words[at]
    return _with_checksum(words)


def _with_checksum(words: list[int]) -> bytes:
    content = struct.pack(f"<{len(words)}I", *words)
    return content[:12] + struct.pack("<I", checksum(content[16:])) + content[16:]


def damage(plan: bytes, random: np.random.Generator, *, tables: float) -> bytes:
    """Change words at random. `tables`: probability of a word in the tables instead of an operator."""
    words = list(struct.unpack(f"<{len(plan) // 4}I", plan))
    header = HeaderWords(**dict(zip(HEADER, words, strict=False)))
    structure = HeaderWords.size + header.tensors * TensorWords.size
    structure += header.packed_weights * PackedWeightWords.size + header.pack_rules * PackRuleWords.size
    operators = len(words) - header.op_words
    for _ in range(random.integers(1, 4)):
        # Not in the constants, where any number is valid.
        in_tables = random.random() < tables
        at = int(random.integers(4, structure) if in_tables else random.integers(operators, len(words)))
        match random.integers(5):
            case 0:
                words[at] = int(random.choice(_INTERESTING))
            case 1:
                words[at] = (words[at] + int(random.integers(-9, 10))) % 2**32
            case 2:
                words[at] ^= 1 << int(random.integers(32))
            case 3:
                first = HeaderWords.size if in_tables else operators
                words[at] = words[int(random.integers(first, structure if in_tables else len(words)))]
            case _:
                # Swap neighbours, such as the sizes of a pack rule, whose product is then unchanged.
                other = min(max(at + int(random.integers(-3, 4)), 4), len(words) - 1)
                words[at], words[other] = words[other], words[at]
    return _with_checksum(words)


def try_plan(library: CDLL, plan: bytes, tensors: Tensors, ranges: int = 1000) -> str:
    try:
        engine = NativeEngine(library, plan)
        size = engine.size(tensors, threads=2)
        if not size:
            return "accepted, too large or without a weight"
        if size > MAX_BYTES:
            return "accepted, too large to run"
        engine.load(tensors, threads=2, ranges=ranges)
    except EngineError as error:
        return f"{error.call} refused with {error.code}"
    length = engine.library.engine_input_length()
    x = np.random.default_rng(1).normal(size=length).astype(np.float32)
    engine.run(x, threads=2)
    return "accepted and run"


def damaged(library: CDLL, wholes: Sequence[Whole], random: np.random.Generator, tables: float) -> str:
    """Damage one of the plans and try it; the outcome in words."""
    whole = wholes[int(random.integers(len(wholes)))]
    ranges = int(random.choice([64, 1000, 10**6]))
    return try_plan(library, damage(whole.plan, random, tables=tables), whole.tensors, ranges)


def main(library: CDLL, seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    for wholes, tables in ((plans(seed), 0.4), (list(stored_plans()), 0.8)):
        outcomes = Counter(try_plan(library, whole.plan, whole.tensors) for whole in wholes)
        assert outcomes == {"accepted and run": len(wholes)}, outcomes
        outcomes = Counter(damaged(library, wholes, random, tables) for _ in range(count))
        print(dict(sorted(outcomes.items())))
    every = instructions()
    for name, places in every.items():
        outcomes = Counter()
        for _ in range(count // len(every)):
            whole, words = places[random.integers(len(places))]
            outcomes[try_plan(library, damaged_instruction(whole.plan, words, random), whole.tensors)] += 1
        print(name, dict(sorted(outcomes.items())))


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as monkeypatch:
        lower_limits(monkeypatch)
        main(CDLL(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

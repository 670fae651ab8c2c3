"""Damaged plans for the sanitized engine, as a command: `python -m tests.plan.fuzz LIBRARY SEED COUNT`.

Each plan has one to three words changed and a checksum that is right again. It has to be refused; or, where
it is accepted, it has to run without touching anything outside the memory that the engine asked for.
"""

import struct
import sys
from collections import Counter
from ctypes import CDLL

import numpy as np

from converter.native import EngineError, NativeEngine
from converter.plan import plan_model
from converter.plan.write import checksum
from tests.plan.networks import random_network
from tests.plan.running import model_of
from tests.plan.test_operators import CASES

MOST_BYTES = 64 * 2**20
"""That an accepted plan may ask for and still be run."""

_INTERESTING = (0, 1, 2, 3, 7, 8, 2**24, 2**28, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 2)


def plans(seed: int) -> list[bytes]:
    """Of random networks, and of every seventh operator's case."""
    made = [plan_model(random_network(number)[0]) for number in range(seed, seed + 4)]
    for nodes, shape, constants, opset in list(CASES.values())[seed % 7 :: 7]:
        made.append(plan_model(model_of(nodes, ("batch", *shape), constants, opset)))
    return [plan.content for plan in made if plan.operators]


def damage(plan: bytes, random: np.random.Generator) -> bytes:
    words = list(struct.unpack(f"<{len(plan) // 4}I", plan))
    counts = words[4:15]
    structure = 15 + 3 * counts[0] + 4 * counts[1] + 21 * counts[2]
    operators = len(words) - counts[6]
    for _ in range(random.integers(1, 4)):
        # Not the constants: any number may be there.
        at = int(
            random.integers(4, structure) if random.random() < 0.4 else random.integers(operators, len(words))
        )
        match random.integers(4):
            case 0:
                words[at] = int(random.choice(_INTERESTING))
            case 1:
                words[at] = (words[at] + int(random.integers(-9, 10))) % 2**32
            case 2:
                words[at] ^= 1 << int(random.integers(32))
            case _:
                words[at] = words[int(random.integers(operators, len(words)))]
    content = struct.pack(f"<{len(words)}I", *words)
    return content[:12] + struct.pack("<I", checksum(content[16:])) + content[16:]


def try_plan(library: CDLL, plan: bytes) -> str:
    try:
        engine = NativeEngine(library, plan)
    except EngineError as error:
        return f"refused with {error.code}"
    size = engine.library.engine_size(2)
    if not size or size > MOST_BYTES:
        return "accepted, too large to run"
    engine.load({}, threads=2)
    length = engine.library.engine_input_length()
    x = np.random.default_rng(1).normal(size=length).astype(np.float32)
    engine.run(x, threads=2)
    return "accepted and run"


def main(library: CDLL, seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    whole = plans(seed)
    outcomes = Counter(try_plan(library, plan) for plan in whole)
    assert outcomes == {"accepted and run": len(whole)}, outcomes
    outcomes = Counter(
        try_plan(library, damage(whole[random.integers(len(whole))], random)) for _ in range(count)
    )
    print(dict(sorted(outcomes.items())))


if __name__ == "__main__":
    main(CDLL(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

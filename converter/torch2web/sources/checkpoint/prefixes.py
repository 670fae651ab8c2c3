"""Which prefixes of a state dict's keys give the keys of a network.

Not a list of known prefixes: each key that ends in a key of the network votes for what precedes it, so that
any stack is found ("model.module.", "student.backbone."), and beside it any other part (a projection head, a
loss).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from torch import Tensor

_WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module")
"""Attributes of DataParallel, torch.compile, FSDP, activation checkpointing and Fabric, around any
submodule."""
_AVERAGED = re.compile(
    r"(^|[._\W])(ema|swa|shadow|avg|averaged?|teacher|momentum|polyak)([._\W]|$)|model_?ema|ema_?model"
)
COUNTER = "num_batches_tracked"
JUNK = ("total_ops", "total_params")
"""Counters that thop.profile leaves in the modules that it has measured."""
_DERIVED = ("position_ids", "relative_position_index", "attn_mask", "relative_coords_table")
"""Buffers that a network computes from its sizes, and that other versions of it save."""


def prefixes(expected: Iterable[str], found: Iterable[str]) -> list[tuple[str, int]]:
    """Prefixes of keys of `found` and how many keys of `expected` follow each, most first, then shorter."""
    wanted = set(expected)
    votes: Counter[str] = Counter()
    for key in found:
        parts = key.split(".")
        for index in range(len(parts)):
            if ".".join(parts[index:]) in wanted:
                votes[".".join([*parts[:index], ""]) if index else ""] += 1
    return sorted(votes.items(), key=lambda vote: (-vote[1], len(vote[0]), vote[0]))


def without_wrappers(keys: Iterable[str]) -> Mapping[str, str]:
    """Keys without the attributes of wrappers → keys; empty where two keys would become one."""
    renamed: dict[str, str] = {}
    for key in keys:
        name = without_wrapper_parts(key)
        if name in renamed:
            return {}
        renamed[name] = key
    return renamed


def without_wrapper_parts(key: str) -> str:
    return ".".join(part for part in key.split(".") if part not in _WRAPPERS)


def is_averaged(name: str) -> bool:
    """Whether a name says that the weights are an average of those trained: ema, swa, teacher."""
    return _AVERAGED.search(name.lower()) is not None


def is_counter(key: str) -> bool:
    return key.rpartition(".")[2] == COUNTER


def harmless(found: Mapping[str, Tensor], expected: Iterable[str]) -> set[str]:
    """Keys of `found` without which a network computes the same: counters, derived buffers, own parts.

    A part is a child module that the network does not have, such as a projection head, or a single number,
    such as a temperature. An unexpected key inside a child that the network has, a child whose name differs
    from one of the network's in its number alone ("layer5", "2"), or a parameter of the model itself
    ("dist_token") means that the network is another one.
    """
    children = {_unnumbered(key) for key in expected}
    known = (*JUNK, *_DERIVED, COUNTER)
    return {
        key
        for key, value in found.items()
        if key.rpartition(".")[2] in known
        or (_unnumbered(key) not in children and ("." in key or value.numel() == 1))
    }


def _unnumbered(key: str) -> str:
    return re.sub(r"\d+", "", key.partition(".")[0])

"""What names and shapes of weights tell: numbers of outputs and of input channels."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

Shape = tuple[int, ...]

_HEADS = re.compile(
    r"(fc\d*|linear\d*|classifier|heads?|last_linear|logits|outputs?|out|pred|predictor|proj_out|"
    r"output_layer|decoder|cls|_fc)"
)
"""Names that networks give their last layer."""
_WRAPPERS = re.compile(r"^((module|_orig_mod|model|net|network|backbone|student|ema_model)\.)+")
"""Names under which a network stands in another: DataParallel, torch.compile, Lightning."""


def outputs_of(shapes: Mapping[str, Shape]) -> tuple[int | None, str]:
    """The rows of the last layer, and a reason for people; None and "" where no name says which is last.

    A last layer is a matrix [out, in] or a convolution of one pixel [out, in, 1, 1]. The order of the state
    dict alone does not tell: safetensors files are sorted by name, and auxiliary classifiers come last.
    """
    heads = _heads(shapes)
    if not heads:
        return None, ""
    layers = [shapes[key] for key in heads]
    if not _are_a_chain(layers) and len({layer[0] for layer in layers}) > 1:
        return None, ""  # several outputs
    last = heads[-1]
    return shapes[last][0], f"{last} has {shapes[last][0]:,} rows"


def has_several_heads(shapes: Mapping[str, Shape]) -> bool:
    """Whether several last layers take the same features: the network then seems to have several outputs."""
    heads = [shapes[head] for head in _heads(shapes)]
    # Of layers in a row, the next one takes what the one before gives.
    return any(first[1] == second[1] != first[0] for first, second in pairwise(heads))


def _heads(shapes: Mapping[str, Shape]) -> list[str]:
    """Layers that may be the last one, in the order of their names."""
    start = len(_common_prefix(shapes))
    heads = [
        key
        for key, shape in shapes.items()
        if _is_layer(key, shape) and _HEADS.fullmatch(_WRAPPERS.sub("", key[start:]).partition(".")[0])
    ]
    depth = min((key.count(".") for key in heads), default=0)  # deeper ones come before a head's last layer
    return sorted((key for key in heads if key.count(".") == depth), key=_natural)


def wrapper_of(names: Iterable[str]) -> str:
    """What all `names` begin with, if it is a wrapper's, such as `module.`; else ""."""
    found = {match[0] if (match := _WRAPPERS.match(name)) else "" for name in names}
    return found.pop() if len(found) == 1 else ""


def channels_of(shapes: Mapping[str, Shape]) -> int | None:
    """Input channels of the first layer, if it is a convolution of images."""
    for key, shape in shapes.items():
        if key.endswith("weight") and len(shape) == 4:
            return shape[1] if shape[2] * shape[3] > 1 else None
    return None


def _are_a_chain(layers: Sequence[Shape]) -> bool:
    """Whether each layer takes what the one before gives; pooling or flattening may multiply it."""
    return all(after[1] % before[0] == 0 for before, after in pairwise(layers))


def _is_layer(key: str, shape: Shape) -> bool:
    return key.endswith("weight") and (len(shape) == 2 or (len(shape) == 4 and shape[2:] == (1, 1)))


def _natural(key: str) -> list[tuple[int, str]]:
    """Numbers by value: classifier.9 before classifier.10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", key)]


def _common_prefix(shapes: Mapping[str, Shape]) -> str:
    """The parts that every key begins with, such as `model.`, with the dot."""
    keys = [key.split(".")[:-1] for key in shapes]
    parts = []
    for level in zip(*keys, strict=False):
        if len(set(level)) > 1:
            break
        parts.append(level[0])
    return "".join(f"{part}." for part in parts) if len(keys) > 1 else ""

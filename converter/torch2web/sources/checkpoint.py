"""From a checkpoint file to a model in eval mode, in every shape that people save them in.

Files are read with `weights_only=True`: what needs more than tensors and plain containers is refused before
any of it runs.
"""

import contextlib
import pickletools
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from torch2web.architectures import load_architecture
from torch2web.catalog import Materials, ModelSpec
from torch2web.errors import CheckpointError, StateDictError

_WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts keep the state dict, beside the optimizer and the epoch."""
_PREFIXES = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before every key."""
_ADVICE = "Save it with torch.save(model.state_dict(), path), or as .safetensors."


def load_model(spec: ModelSpec, checkpoint: Path | None, materials: Materials) -> nn.Module:
    """The model of `spec` with the weights of `checkpoint`, or the demo weights of `materials` for None.

    In eval mode, float32, on the CPU. Raises CheckpointError.
    """
    path = materials.weights_file(spec.architecture) if checkpoint is None else checkpoint
    state = _read_demo(spec, materials) if checkpoint is None else read_state_dict(checkpoint)
    pixels = spec.preprocessing
    with torch.device("meta"):  # no memory and no random draws for weights about to be replaced
        model = load_architecture(spec.architecture).build(len(spec.labels), *pixels.size)
    expected = model.state_dict()
    _require_fit(path, spec.architecture, expected, state)
    state = {key: value.to(expected[key].dtype) for key, value in state.items()}
    _require_finite(path, state)
    model.load_state_dict(state, strict=True, assign=True)
    return model.eval()


def _read_demo(spec: ModelSpec, materials: Materials) -> dict[str, Tensor]:
    path = materials.weights_file(spec.architecture)
    if spec.labels != materials.labels:
        problem = (
            f"the demo weights tell {', '.join(materials.labels)}, in this order, "
            f"and not {', '.join(spec.labels)}"
        )
        raise CheckpointError(
            path, problem, "Build this model from a checkpoint of its own: --checkpoints DIR."
        )
    _refuse_what_is_no_checkpoint(path)
    _read_safetensors(path)  # for its errors
    return materials.load_weights(spec.architecture)


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read the state dict that `path` holds: bare, or under `state_dict`, `model_state_dict` or `model`.

    Prefixes of DataParallel and torch.compile are removed. Raises CheckpointError.
    """
    _refuse_what_is_no_checkpoint(path)
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    state = _find_state_dict(path, content)
    while prefix := next(
        (prefix for prefix in _PREFIXES if all(key.startswith(prefix) for key in state)), ""
    ):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _refuse_what_is_no_checkpoint(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError as error:
        raise CheckpointError(path, "there is no such file") from error
    except OSError as error:
        raise CheckpointError(path, f"it cannot be read: {error.strerror}") from error
    if not head:
        raise CheckpointError(path, "it is empty (0 bytes)", "Copy or download the checkpoint again.")
    if head.startswith(b"version https://git-lfs"):
        raise CheckpointError(path, "it is a Git LFS pointer, not the checkpoint", "Run: git lfs pull")
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml)", head, re.IGNORECASE):
        problem = "it is an HTML or XML page, not a checkpoint"
        raise CheckpointError(path, problem, "A download answered with a page; download the file itself.")


def _read_safetensors(path: Path) -> object:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(path, f"it is not a whole .safetensors file: {error}") from error


def _read_pickle(path: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # whatever is odd about the file is an error below
            return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # a damaged file makes the unpickler raise anything at all
        if wanted := _wants_to_run(path, str(error)):
            problem = f"it was refused: it wants to run {wanted} while it is read"
            advice = f"Such a file can hold any code, so nothing of it was run. {_ADVICE}"
            raise CheckpointError(path, problem, advice) from error
        if "TorchScript" in str(error) or "torch.jit" in str(error):
            raise CheckpointError(path, "it is a TorchScript archive, not a state dict", _ADVICE) from error
        raise CheckpointError(path, _unreadable(path), _ADVICE) from error


def _wants_to_run(path: Path, refusal: str) -> str:
    """What a pickle would import: from torch's refusal, or from the pickle where torch cannot read it."""
    if named := re.search(r"GLOBAL ([\w.]+)|global ([\w.]+) was", refusal, re.IGNORECASE):
        return named[1] or named[2]
    with path.open("rb") as file:
        start = file.read(4096)
    texts: list[str] = []
    with contextlib.suppress(Exception):  # whatever is behind the import is of no interest
        for opcode, argument, _ in pickletools.genops(start):
            if opcode.name == "GLOBAL":
                return str(argument).replace(" ", ".")
            if opcode.name == "STACK_GLOBAL":
                return ".".join(texts[-2:])
            if isinstance(argument, str):
                texts.append(argument)
    return ""


def _unreadable(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK"):
        return f"it is truncated or damaged ({size:,} bytes of a PyTorch archive, not to be read to its end)"
    if start.startswith(b"\x80"):
        return f"it is truncated or damaged ({size:,} bytes of a pickle, not to be read to its end)"
    return f"it is not a PyTorch checkpoint ({size:,} bytes that begin with {start!r})"


def _find_state_dict(path: Path, content: object) -> dict[str, Tensor]:
    candidates = [content]
    if isinstance(content, Mapping):
        candidates += [content[key] for key in _WRAPPERS if key in content]
    for candidate in candidates:
        if isinstance(candidate, Mapping) and candidate and all(map(_is_entry, candidate.items())):
            return dict(candidate)
    if isinstance(content, Mapping):
        found = (
            f"a dict with the keys {', '.join(map(str, list(content)[:8]))}" if content else "an empty dict"
        )
    else:
        found = f"a {type(content).__name__}"
    problem = f"found {found}, expected a state dict, bare or under one of {', '.join(_WRAPPERS)}"
    raise CheckpointError(path, problem, _ADVICE)


def _is_entry(item: tuple[object, object]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], Tensor)


def _require_fit(
    path: Path, architecture: str, expected: Mapping[str, Tensor], found: Mapping[str, Tensor]
) -> None:
    # Checkpoints from before PyTorch 0.4.1 have no batch counters; load_state_dict adds them.
    missing = [key for key in expected if key not in found and not key.endswith(".num_batches_tracked")]
    unexpected = [key for key in found if key not in expected]
    misshaped = {
        key: (tuple(found[key].shape), tuple(expected[key].shape))
        for key in expected
        if key in found and found[key].shape != expected[key].shape
    }
    if missing or unexpected or misshaped:
        raise StateDictError(path, architecture, missing, unexpected, misshaped)
    for key, value in found.items():
        wanted = "floating point" if expected[key].is_floating_point() else "whole numbers"
        same_kind = value.is_floating_point() == expected[key].is_floating_point()
        if not same_kind or value.is_quantized or value.layout != torch.strided:
            problem = f"{key} is {value.dtype} ({value.layout}), expected dense {wanted}"
            raise CheckpointError(path, problem, "Save the weights as they were trained, not quantised.")


def _require_finite(path: Path, state: Mapping[str, Tensor]) -> None:
    broken = [key for key, value in state.items() if not bool(torch.isfinite(value).all())]
    if broken:
        shown = ", ".join(broken[:5]) + (", …" if len(broken) > 5 else "")
        problem = f"{len(broken)} of its tensors hold NaN or infinite values: {shown}"
        raise CheckpointError(path, problem, "The training diverged; take an earlier checkpoint.")

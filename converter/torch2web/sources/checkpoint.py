"""Loads a checkpoint into a model in eval mode; supports the common layouts of state dicts.

Pickles are read with `weights_only=True`: a file that needs more than tensors and plain containers is refused
before any of its code is executed.
"""

import contextlib
import pickletools
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from torch2web.architectures import load_architecture
from torch2web.catalog import Materials, ModelSpec
from torch2web.errors import CheckpointError, StateDictError

_WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts store the state dict, next to optimizer state and epoch."""
_PREFIXES = ("module.", "_orig_mod.")
"""Key prefixes added by DataParallel and torch.compile."""
_MAX_LABELS = 6
"""Labels that an error lists."""
_ADVICE = "Save it with torch.save(model.state_dict(), path), or as .safetensors."


def load_model(spec: ModelSpec, checkpoint: Path | None, materials: Materials) -> nn.Module:
    """Load the model of `spec` from `checkpoint`; None loads the demo weights of `materials`.

    Returns it in eval mode, float32, on the CPU. Raises CheckpointError if the file is unreadable, unsafe or
    not finite, and StateDictError if its keys or shapes do not match the architecture.
    """
    path = materials.weights_file(spec.source.name) if checkpoint is None else checkpoint
    state = _read_demo(spec, materials) if checkpoint is None else read_state_dict(checkpoint)
    pixels = spec.preprocessing
    with torch.device("meta"):  # no allocation and no initialisation of weights that are replaced
        model = load_architecture(spec.source.name).build(len(spec.labels), *pixels.size)
    expected = model.state_dict()
    _require_fit(path, spec.source.name, expected, state)
    state = {key: value.to(expected[key].dtype) for key, value in state.items()}
    _require_finite(path, state)
    model.load_state_dict(state, strict=True, assign=True)
    return model.eval()


def _listed(labels: Sequence[str]) -> str:
    more = f", … {len(labels):,} in all" if len(labels) > _MAX_LABELS else ""
    return ", ".join(labels[:_MAX_LABELS]) + more


def _read_demo(spec: ModelSpec, materials: Materials) -> dict[str, Tensor]:
    path = materials.weights_file(spec.source.name)
    if spec.labels != materials.labels:
        problem = (
            f"the demo weights have the labels {', '.join(materials.labels)}, in this order; "
            f"the catalogue has {_listed(spec.labels)}"
        )
        raise CheckpointError(path, problem, "Provide a checkpoint for this model: --checkpoints DIR.")
    _require_checkpoint_file(path)
    _read_safetensors(path)  # raises for a damaged file
    return materials.load_weights(spec.source.name)


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read the state dict in `path`: bare, or under `state_dict`, `model_state_dict` or `model`.

    Removes the key prefixes of DataParallel and torch.compile. Raises CheckpointError.
    """
    _require_checkpoint_file(path)
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    state = _find_state_dict(path, content)
    while prefix := next(
        (prefix for prefix in _PREFIXES if all(key.startswith(prefix) for key in state)), ""
    ):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _require_checkpoint_file(path: Path) -> None:
    """Raise CheckpointError for a file that is missing, empty, an LFS pointer or a web page."""
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
        raise CheckpointError(path, problem, "The download returned a web page; download the file itself.")


def _read_safetensors(path: Path) -> object:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(path, f"it is not a valid .safetensors file: {error}") from error


def _read_pickle(path: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a malformed file raises below
            return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # the unpickler raises arbitrary exceptions for damaged files
        if name := _imported_name(path, str(error)):
            problem = f"it was refused: loading it would execute {name}"
            advice = f"A pickle can execute arbitrary code; none of it was executed. {_ADVICE}"
            raise CheckpointError(path, problem, advice) from error
        if "TorchScript" in str(error) or "torch.jit" in str(error):
            raise CheckpointError(path, "it is a TorchScript archive, not a state dict", _ADVICE) from error
        raise CheckpointError(path, _unreadable(path), _ADVICE) from error


def _imported_name(path: Path, refusal: str) -> str:
    """The global that a pickle imports, from torch's message or else from its first opcodes; else ""."""
    if named := re.search(r"GLOBAL ([\w.]+)|global ([\w.]+) was", refusal, re.IGNORECASE):
        return named[1] or named[2]
    with path.open("rb") as file:
        start = file.read(4096)
    texts: list[str] = []
    with contextlib.suppress(Exception):  # the opcodes after the import are not needed
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
        return f"it is truncated or damaged ({size:,} bytes of a PyTorch archive, incomplete)"
    if start.startswith(b"\x80"):
        return f"it is truncated or damaged ({size:,} bytes of a pickle, incomplete)"
    return f"it is not a PyTorch checkpoint ({size:,} bytes, starting with {start!r})"


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
    # Checkpoints saved before PyTorch 0.4.1 lack num_batches_tracked; load_state_dict adds it.
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
        wanted = "floating point" if expected[key].is_floating_point() else "integer"
        same_kind = value.is_floating_point() == expected[key].is_floating_point()
        if not same_kind or value.is_quantized or value.layout != torch.strided:
            problem = f"{key} is {value.dtype} ({value.layout}), expected a dense {wanted} tensor"
            raise CheckpointError(path, problem, "Save the trained weights before quantisation.")


def _require_finite(path: Path, state: Mapping[str, Tensor]) -> None:
    broken = [key for key, value in state.items() if not bool(torch.isfinite(value).all())]
    if broken:
        shown = ", ".join(broken[:5]) + (", …" if len(broken) > 5 else "")
        problem = f"{len(broken)} of its tensors contain NaN or infinite values: {shown}"
        raise CheckpointError(path, problem, "The training diverged; use an earlier checkpoint.")

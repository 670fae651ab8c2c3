"""What to say of files that are no checkpoint."""

import re
from pathlib import Path

from torch2web.errors import CheckpointError
from torch2web.sources.checkpoint.formats import Format

SAVE_STATE = "Save it with torch.save(model.state_dict(), path), or as .safetensors."
_OTHER_FRAMEWORK = "Convert the model to ONNX and build from the .onnx file."

_MAX_GRAPH = 64 * 2**20
"""Bytes of an ONNX file that is searched for names of files with its weights."""

_REFUSALS = {
    Format.PYTORCH_TAR: (
        "it was saved by PyTorch before 0.1.10, in a tar file",
        "Load it with torch.load(path, weights_only=False), if you trust it, and save its state dict again.",
    ),
    Format.TORCHSCRIPT: (
        "it is a TorchScript archive, not a state dict",
        "It holds the network itself: build from it without architecture or factory. " + SAVE_STATE,
    ),
    Format.EXPORTED_PROGRAM: (
        "it is an exported program (.pt2), not a state dict",
        "It holds the network itself: build from it without architecture or factory.",
    ),
    Format.ONNX: (
        "it is an ONNX model, not a state dict",
        "It holds the network itself: build from it without architecture or factory.",
    ),
    Format.KERAS_H5: (
        "it is an HDF5 file, as Keras saves models, not a PyTorch checkpoint",
        _OTHER_FRAMEWORK,
    ),
    Format.KERAS: ("it is a Keras model, not a PyTorch checkpoint", _OTHER_FRAMEWORK),
    Format.TENSORFLOW: ("it is a TensorFlow SavedModel, not a PyTorch checkpoint", _OTHER_FRAMEWORK),
    Format.TFLITE: ("it is a TensorFlow Lite model, not a PyTorch checkpoint", _OTHER_FRAMEWORK),
    Format.GGUF: ("it is a GGUF file of a language model, not a PyTorch checkpoint", SAVE_STATE),
    Format.NUMPY: ("it holds NumPy arrays, not a PyTorch checkpoint", SAVE_STATE),
    Format.TORCH_PACKAGE: (
        "it is a torch.package archive, which holds code; none of it was executed",
        SAVE_STATE,
    ),
    Format.ZIP: (
        "it is a zip file, but not one of torch.save: it has no data.pkl",
        "If the checkpoint is inside, unpack it first.",
    ),
    Format.ARCHIVE: ("it is a compressed or tar archive, not a checkpoint", "Unpack it first."),
    Format.HTML: (
        "it is an HTML or XML page, not a checkpoint",
        "The download returned a web page; download the file itself.",
    ),
    Format.LFS_POINTER: ("it is a Git LFS pointer, not the checkpoint", "Run: git lfs pull"),
    Format.TEXT: ("it is a text file, not a checkpoint", SAVE_STATE),
    Format.EMPTY: ("it is empty (0 bytes)", "Copy or download the checkpoint again."),
    Format.FOLDER: ("it cannot be read: it is a folder", "Give the checkpoint file in it."),
}


def refusal(path: Path, found: Format) -> CheckpointError:
    """The error for a file of the format `found`, which is none of a checkpoint."""
    if found not in (Format.LFS_POINTER, Format.HTML) and (weights := _weights_of_onnx(path)):
        return CheckpointError(path, *weights)
    if found in _REFUSALS:
        problem, advice = _REFUSALS[found]
        return CheckpointError(path, problem, advice)
    size = path.stat().st_size
    if found is Format.TRUNCATED_ZIP:
        return truncated(path, "a PyTorch archive")
    with path.open("rb") as file:
        start = file.read(4)
    problem = f"it is not a PyTorch checkpoint ({size:,} bytes, starting with {start!r})"
    return CheckpointError(path, problem, SAVE_STATE)


def _weights_of_onnx(path: Path) -> tuple[str, str] | None:
    """Problem and advice for a file of weights that an ONNX file of a similar name refers to."""
    named = re.fullmatch(r"(.+\.onnx)[._]data", path.name)
    onnx = path.with_name(named[1] if named else f"{path.stem}.onnx")
    if onnx != path and onnx.is_file() and onnx.stat().st_size <= _MAX_GRAPH:
        if path.name.encode() in onnx.read_bytes():
            return f"it belongs to {onnx.name} beside it, whose weights it holds", f"Build from {onnx.name}."
    elif named and not onnx.is_file():
        problem = f"it holds weights of an ONNX file, {onnx.name}, which does not lie beside it"
        return problem, f"Put {onnx.name} beside it, and build from that file."
    return None


def truncated(path: Path, kind: str, detail: str = "") -> CheckpointError:
    """The error for a file that contradicts its format; `kind` as in "a pickle"."""
    size = path.stat().st_size
    problem = f"it is truncated or damaged ({size:,} bytes of {kind}, incomplete)"
    return CheckpointError(
        path, problem + (f": {detail}" if detail else ""), "Copy or download the checkpoint again."
    )

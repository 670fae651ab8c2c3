"""What the size of a site is made of, and the options that leave parts of it out."""

from collections.abc import Iterable

from torch2web.store import FileRecord

_ONNX = "whole ONNX files", "--no-full-onnx"
_RUNTIME = "onnxruntime-web", "--backend compiled"
_JUDGE = "verify.html", "--no-verify-page"
_COMPRESSED = "compressed forms", "--no-precompressed"
_MODELS = "models", ""
_REST = "pages and loader", ""
_ORDER = (_MODELS, _ONNX, _RUNTIME, _JUDGE, _COMPRESSED, _REST)


def parts_of_size(files: Iterable[FileRecord]) -> str:
    """The parts of at least 1 MiB, each with the option that leaves it out; "" where one part is all."""
    sizes = dict.fromkeys(_ORDER, 0)
    for file in files:
        sizes[_part(file.path)] += file.size
    named = [
        f"{name} {size / 2**20:.0f} MiB{option and f' ({option})'}"
        for (name, option), size in sizes.items()
        if size >= 2**20
    ]
    return ", ".join(named) if len(named) > 1 else ""


def _part(path: str) -> tuple[str, str]:
    if path.endswith((".br", ".gz")):
        return _COMPRESSED
    if path.startswith("models/"):
        return _ONNX if path.endswith(".onnx") else _MODELS
    if path.startswith("onnxruntime/"):
        return _RUNTIME
    return _JUDGE if path.startswith("verify/") else _REST

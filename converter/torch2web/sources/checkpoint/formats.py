"""The format of a file, by its content: endings are not trusted."""

import io
import pickletools
import re
import warnings
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from torch2web.errors import CheckpointError


class Format(StrEnum):
    """Formats that detect_format tells apart. Checkpoints are the first five."""

    PYTORCH = "pytorch"
    """The archive of torch.save since PyTorch 1.6."""
    PYTORCH_LEGACY = "pytorch_legacy"
    """The file of torch.save before."""
    PICKLE = "pickle"
    """pickle.dump"""
    SAFETENSORS = "safetensors"
    SHARD_INDEX = "shard_index"
    """The index of a checkpoint in several files, of either kind."""
    PYTORCH_TAR = "pytorch_tar"
    """torch.save before PyTorch 0.1.10."""
    TORCHSCRIPT = "torchscript"
    EXPORTED_PROGRAM = "exported_program"
    ONNX = "onnx"
    KERAS_H5 = "keras_h5"
    KERAS = "keras"
    TENSORFLOW = "tensorflow"
    TFLITE = "tflite"
    GGUF = "gguf"
    NUMPY = "numpy"
    TORCH_PACKAGE = "torch_package"
    ZIP = "zip"
    """A zip file of something else."""
    TRUNCATED_ZIP = "truncated_zip"
    ARCHIVE = "archive"
    """gzip, xz, bzip2, zstd, 7z, RAR or tar."""
    HTML = "html"
    LFS_POINTER = "lfs_pointer"
    TEXT = "text"
    EMPTY = "empty"
    FOLDER = "folder"
    UNKNOWN = "unknown"


CHECKPOINTS = (
    Format.PYTORCH,
    Format.PYTORCH_LEGACY,
    Format.PICKLE,
    Format.SAFETENSORS,
    Format.SHARD_INDEX,
)

_HEAD = 4096
_MAX_INDEX = 64 * 2**20
_MAGIC = b"l\xfc\x9cF\xf9 j\xa8P\x19"
"""The magic number of torch.save before 1.6, in the opcode LONG1."""
_BEGINNINGS = (
    (b"version https://git-lfs", Format.LFS_POINTER),
    (b"\x89HDF\r\n\x1a\n", Format.KERAS_H5),
    (b"\x93NUMPY", Format.NUMPY),
    (b"GGUF", Format.GGUF),
    (b"\x1f\x8b", Format.ARCHIVE),
    (b"\xfd7zXZ\x00", Format.ARCHIVE),
    (b"BZh", Format.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Format.ARCHIVE),
    (b"7z\xbc\xaf", Format.ARCHIVE),
    (b"Rar!", Format.ARCHIVE),
)


def detect_format(path: Path) -> Format:
    """The format of the file at `path`, from its first bytes or, for a zip file, the names of its entries.

    Raises CheckpointError if it cannot be read.
    """
    try:
        return _detect(path)
    except FileNotFoundError as error:
        raise CheckpointError(path, "there is no such file") from error
    except OSError as error:
        raise CheckpointError(path, f"it cannot be read: {error.strerror}") from error


def _detect(path: Path) -> Format:
    if path.is_dir():
        is_tensorflow = (path / "saved_model.pb").exists()
        return Format.TENSORFLOW if is_tensorflow else Format.FOLDER
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if not head:
            return Format.EMPTY
        if head.startswith(b"PK"):
            return _zip_format(file)
        return _by_head(head) or _by_structure(file, head, size)


def _by_head(head: bytes) -> Format | None:
    for beginning, found in _BEGINNINGS:
        if head.startswith(beginning):
            return found
    if head[4:8] == b"TFL3":
        return Format.TFLITE
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|head|body)", head, re.IGNORECASE):
        return Format.HTML
    if _is_safetensors(head):
        return Format.SAFETENSORS
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        return Format.PYTORCH_LEGACY if _MAGIC in head[:40] else Format.PICKLE
    if head[257:262] == b"ustar":
        # PyTorch's own tar files have these three entries.
        is_torch = re.match(rb"(\./)?(sys_info|pickle|tensors|storages)\0", head)
        return Format.PYTORCH_TAR if is_torch else Format.ARCHIVE
    return None


def _by_structure(file: BinaryIO, head: bytes, size: int) -> Format:
    if _is_onnx(file, size):
        return Format.ONNX
    if _is_pickle(head):
        return Format.PICKLE
    text = head.decode("utf-8", "ignore")
    if re.search(r"\s", text) and re.fullmatch(r"[\x09\x0a\x0d\x20-\x7e\u00a0-\uffff]+", text):
        if text.lstrip()[:1] == "{" and _has_weight_map(file, size):
            return Format.SHARD_INDEX
        return Format.TEXT if len(text.encode()) >= len(head) - 4 else Format.UNKNOWN
    return Format.UNKNOWN


def _has_weight_map(file: BinaryIO, size: int) -> bool:
    """Whether a JSON object is the index of a checkpoint's files."""
    if size > _MAX_INDEX:
        return False
    file.seek(0)
    return b'"weight_map"' in file.read()


def _zip_format(file: BinaryIO) -> Format:
    try:
        names = zipfile.ZipFile(file).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        return Format.TRUNCATED_ZIP
    bases = {name.rpartition("/")[2] for name in names}
    parts = {part for name in names for part in name.split("/")}
    if "serialized_exported_program.json" in bases or "archive_format" in bases:
        return Format.EXPORTED_PROGRAM
    if "constants.pkl" in bases or ("model.json" in bases and "code" in parts and "tensors" in parts):
        return Format.TORCHSCRIPT
    if "extern_modules" in bases:
        return Format.TORCH_PACKAGE
    if "data.pkl" in bases:
        return Format.PYTORCH
    if "model.weights.h5" in bases:
        return Format.KERAS
    if "saved_model.pb" in bases:
        return Format.TENSORFLOW
    if names and all(name.endswith(".npy") for name in names):
        return Format.NUMPY
    return Format.ZIP


def _is_safetensors(head: bytes) -> bool:
    """Whether it is the length of a JSON header, and the beginning of one; the rest may be cut off."""
    length = int.from_bytes(head[:8], "little")
    return 2 <= length < 2**27 and re.match(rb'\{\s*("|\}|$)', head[8:]) is not None


def _is_pickle(head: bytes) -> bool:
    """Whether it begins like a pickle of protocol 0 or 1, which has no magic number."""
    if head[:1] not in b"(}]cdl":
        return False
    count = 0
    try:
        with warnings.catch_warnings(action="ignore"):  # of escape sequences in strings of protocol 0
            for opcode, _, _ in pickletools.genops(io.BytesIO(head)):
                count += 1
                if opcode.name == "STOP" and count > 1:
                    return True
    except ValueError:
        return count >= 6 or head[:1] == b"c"
    return False


def _is_onnx(file: BinaryIO, size: int) -> bool:
    """Whether its fields are those of an ONNX ModelProto: ir_version first, and a graph or opset_import."""
    position, seen = 0, set[int]()
    while position < size and len(seen) < 64:
        file.seek(position)
        head = file.read(20)
        key, used = _varint(head)
        value, more = _varint(head[used:])
        field, wire = key >> 3, key & 7
        if not used or not more or field not in (1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26):
            return False
        if wire != (0 if field in (1, 5) else 2) or (not seen and field not in (1, 8)):
            return False
        seen.add(field)
        position += used + more + (value if wire == 2 else 0)
        if field == 7:
            return 1 in seen or 8 in seen
    return 7 in seen or (1 in seen and 8 in seen)


def _varint(content: bytes) -> tuple[int, int]:
    """A protobuf varint and the number of its bytes; 0 bytes if there is none."""
    value = 0
    for index, byte in enumerate(content[:10]):
        value |= (byte & 127) << (7 * index)
        if byte < 128:
            return value, index + 1
    return 0, 0

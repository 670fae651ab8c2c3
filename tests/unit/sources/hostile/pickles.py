"""Hand-written pickles, opcode by opcode, and archives that contain them."""

import io
import struct
import zipfile
from pathlib import Path

import torch

from torch2web.sources.checkpoint.pickled.stream import MAGIC


def name(module: str, attribute: str) -> bytes:
    """GLOBAL"""
    return f"c{module}\n{attribute}\n".encode()


def text(value: str) -> bytes:
    content = value.encode()
    return b"X" + struct.pack("<I", len(content)) + content


def number(value: int) -> bytes:
    return b"\x8a\x10" + value.to_bytes(16, "little", signed=True)


def tuple_of(*values: bytes) -> bytes:
    return b"(" + b"".join(values) + b"t"


def dict_of(**values: bytes) -> bytes:
    return b"}" + b"".join(text(key) + value + b"s" for key, value in values.items())


def call(function: bytes, *args: bytes) -> bytes:
    """REDUCE"""
    return function + tuple_of(*args) + b"R"


def new(cls: bytes, *args: bytes) -> bytes:
    """NEWOBJ"""
    return cls + tuple_of(*args) + b"\x81"


def obj(cls: bytes, *args: bytes) -> bytes:
    """OBJ"""
    return b"(" + cls + b"".join(args) + b"o"


def inst(module: str, attribute: str, *args: bytes) -> bytes:
    """INST"""
    return b"(" + b"".join(args) + f"i{module}\n{attribute}\n".encode()


def build(value: bytes, state: bytes) -> bytes:
    """BUILD"""
    return value + state + b"b"


def storage(size: int, key: str = "0", kind: str = "FloatStorage") -> bytes:
    """BINPERSID"""
    return tuple_of(text("storage"), name("torch", kind), text(key), text("cpu"), number(size)) + b"Q"


def tensor(size: int, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], key: str = "0") -> bytes:
    return call(
        name("torch._utils", "_rebuild_tensor_v2"),
        storage(size, key),
        number(offset),
        tuple_of(*map(number, shape)),
        tuple_of(*map(number, stride)),
        b"\x89",
        call(name("collections", "OrderedDict")),
    )


WEIGHT = tensor(4, 0, (2, 2), (2, 1))
"""Four numbers in storage 0."""


def pickle_of(value: bytes) -> bytes:
    return b"\x80\x02" + value + b"."


def archive(path: Path, content: bytes, storages: dict[str, bytes] | None = None) -> None:
    """An archive as torch.save writes it, with `content` as its pickle and a storage 0 of four numbers."""
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("model/data.pkl", content)
        target.writestr("model/byteorder", "little")
        for key, data in (storages or {"0": struct.pack("<4f", 1, 2, 3, 4)}).items():
            target.writestr(f"model/data/{key}", data)


def checkpoint(path: Path, beside: bytes) -> None:
    """A valid weight, with `beside` as a second entry."""
    archive(path, pickle_of(dict_of(weight=WEIGHT, beside=beside)))


def legacy(path: Path, content: bytes) -> None:
    """A file as torch.save wrote it before 1.6, with `content` as its pickle."""
    buffer = io.BytesIO()
    torch.save(torch.zeros(1), buffer, _use_new_zipfile_serialization=False)
    head = buffer.getvalue().index(b"}q\x00(X\x10\x00\x00\x00protocol")
    assert MAGIC.to_bytes(10, "little") in buffer.getvalue()[:head]
    end = buffer.getvalue().index(b"u.", head) + 2
    path.write_bytes(buffer.getvalue()[:end] + content)

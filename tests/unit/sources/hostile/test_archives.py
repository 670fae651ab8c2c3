"""Inconsistent archives, and files of every format with altered bytes."""

import io
import pickle
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.unit.sources.checkpoint_shapes import METADATA, trained
from tests.unit.sources.hostile.canary import read
from tests.unit.sources.hostile.pickles import (
    WEIGHT,
    archive,
    dict_of,
    pickle_of,
    tensor,
)
from torch2web.errors import CheckpointError
from torch2web.sources.checkpoint import Checkpoint


def pack(path: Path, entries: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as target:
        for entry, content in entries:
            target.writestr(entry, content)


def two_of_one_name(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        pack(path, [("m/data.pkl", pickle_of(b"}")), ("m/data.pkl", pickle_of(WEIGHT))])


def lies_about_its_size(path: Path) -> None:
    """The directory says that the storage has 2**31 bytes."""
    archive(path, pickle_of(dict_of(weight=tensor(2**29, 0, (4,), (1,)))))
    content = bytearray(path.read_bytes())
    at = content.rindex(b"model/data/0") - 46
    content[at + 20 : at + 28] = struct.pack("<II", 2**31, 2**31)
    path.write_bytes(content)


def bomb(name: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        entries = {"m/data.pkl": pickle_of(dict_of(weight=tensor(4, 0, (4,), (1,)))), "m/data/0": b"\0" * 16}
        entries[name] = b"\0" * 30_000_000
        pack(path, list(entries.items()), zipfile.ZIP_DEFLATED)

    return write


def altered(path: Path) -> None:
    torch.save({"weight": torch.arange(4.0)}, path)
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<f", 2.0), struct.pack("<f", 2.5)))


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (two_of_one_name, "have the same name"),
        (
            lambda path: pack(path, [("a/data.pkl", pickle_of(b"}")), ("b/data.pkl", pickle_of(b"}"))]),
            "has 2 entries data.pkl",
        ),
        (lies_about_its_size, "is longer than the file"),
        (bomb("m/data/0"), "would grow to 30,000,000 bytes"),
        (bomb("m/data.pkl"), "would grow to 30,000,000 bytes"),
        (altered, "the checksum of data/0 does not match"),
    ],
)
def test_inconsistent_archives(tmp_path: Path, write: Callable[[Path], None], problem: str) -> None:
    path = tmp_path / "model.pth"
    write(path)
    found = read(path)
    assert isinstance(found, CheckpointError)
    assert problem in str(found)


@pytest.mark.parametrize("kind", ["archive", "legacy", "pickle", "safetensors"])
def test_any_altered_byte_is_read_or_refused(tmp_path: Path, kind: str) -> None:
    """One to three random bytes, and the length, of a valid file: gives a checkpoint or a CheckpointError."""
    buffer = io.BytesIO()
    content = {"model": trained(), **METADATA}
    path = tmp_path / "model.pth"
    if kind == "pickle":
        path.write_bytes(pickle.dumps({key: value.numpy() for key, value in trained().items()}, 4))
    elif kind == "safetensors":
        save_file(trained(), path)
    else:
        torch.save(content, buffer, _use_new_zipfile_serialization=kind == "archive")
        path.write_bytes(buffer.getvalue())
    sound = path.read_bytes()
    assert isinstance(read(path), Checkpoint)
    chance = random.Random(5)
    for _ in range(250):
        changed = bytearray(sound)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        if chance.random() < 0.2:
            del changed[chance.randrange(len(changed)) :]
        path.write_bytes(changed)
        read(path)

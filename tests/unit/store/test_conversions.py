"""Conversions cached between builds: an entry reads back as stored, or not at all."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from torch2web.errors import OutputError
from torch2web.store.cached_folder import publish
from torch2web.store.conversions import MODEL, CachedConversion, ConversionCache, Entry
from torch2web.store.hashing import write_bytes_hashed
from torch2web.store.parts import PARTS, write_parts

WEIGHTS = bytes(range(256)) * 4


@pytest.fixture
def cache(tmp_path: Path) -> ConversionCache:
    return ConversionCache(tmp_path)


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    return Entry(tmp_path / f"model-{1:032x}")


def write(folder: Path) -> dict[str, Any]:
    """Write a tiny conversion into `folder`; return its record."""
    return {
        "model": asdict(write_bytes_hashed(folder, MODEL, b"onnx")),
        "graph": asdict(write_parts(folder, PARTS, b"graph", 300)),
        "variants": [{"name": "fp32", "weights": asdict(write_parts(folder, PARTS, WEIGHTS, 300))}],
        "plan": asdict(write_parts(folder, PARTS, b"plan", 300)),
        "heatmap": {"graph": asdict(write_parts(folder, PARTS, b"heatmap", 300)), "plan": None},
        "features": None,
        "verification": {"logits_max_abs_diff": 0.1 + 0.2, "shape": (1, 2)},
    }


def store(cache: ConversionCache, entry: Entry) -> CachedConversion:
    work = cache.begin(entry)
    return cache.store(work, entry, write(work.folder))


def test_entry_reads_back_as_stored(cache: ConversionCache, entry: Entry) -> None:
    assert entry.read() is None
    stored, read = store(cache, entry), entry.read()
    assert read == stored
    assert stored.record["verification"] == {"logits_max_abs_diff": 0.1 + 0.2, "shape": [1, 2]}
    parts = stored.record["variants"][0]["weights"]["parts"]
    assert [part["size"] for part in parts] == [300, 300, 300, 124]
    assert b"".join(stored.files.read(part["path"]) for part in parts) == WEIGHTS


def test_no_byte_of_an_entry_can_change(cache: ConversionCache, entry: Entry) -> None:
    store(cache, entry)
    files = [path for path in entry.folder.rglob("*") if path.is_file()]
    assert len(files) == 9
    for path in files:
        content = path.read_bytes()
        # White space in the record is not significant.
        at = content.rindex(b"0.30000000000000004") if path.suffix == ".json" else len(content) // 2
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert entry.read() is None, path
        path.unlink()
        assert entry.read() is None, path
        path.write_bytes(content)
        assert entry.read() is not None


def without_a_part(record: dict[str, Any]) -> None:
    record["variants"][0]["weights"]["parts"].pop()


def with_another_hash(record: dict[str, Any]) -> None:
    record["graph"]["sha256"] = "0" * 64


@pytest.mark.parametrize("change", [without_a_part, with_another_hash, dict.clear])
def test_record_answers_for_itself(
    cache: ConversionCache, entry: Entry, change: Callable[[dict[str, Any]], None]
) -> None:
    """A record with a changed field is refused, although the files that it names are unchanged."""
    store(cache, entry)
    path = entry.folder / "record.json"
    sealed = json.loads(path.read_text())
    change(sealed["record"])
    path.write_text(json.dumps(sealed))
    assert entry.read() is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"record": {}}', "null"])
def test_malformed_records(cache: ConversionCache, entry: Entry, content: str) -> None:
    store(cache, entry)
    (entry.folder / "record.json").write_text(content)
    assert entry.read() is None


def test_damaged_entry_is_replaced_and_a_valid_one_stays(cache: ConversionCache, entry: Entry) -> None:
    store(cache, entry)
    sound = entry.model.stat().st_ino
    assert store(cache, entry).files.read(MODEL) == b"onnx"
    assert entry.model.stat().st_ino == sound
    entry.model.write_bytes(b"xnno")
    assert store(cache, entry).files.read(MODEL) == b"onnx"


def test_entry_that_does_not_read_as_written(
    cache: ConversionCache, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a failing disk."""

    def damage(work: Path, target: Path) -> None:
        publish(work, target)
        (target / MODEL).write_bytes(b"xnno")

    monkeypatch.setattr("torch2web.store.conversions.publish", damage)
    with pytest.raises(OutputError, match="it changed after it was verified"):
        store(cache, entry)

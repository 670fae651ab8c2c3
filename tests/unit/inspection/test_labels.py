"""Label files: accepted formats, and errors for the others."""

import json
from pathlib import Path

import pytest

from torch2web.errors import OptionError
from torch2web.inspection import labels_in_file


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("cat\ndog\n", ("cat", "dog")),
        ("  cat \r\ndog\r\n\r\n", ("cat", "dog")),
        ("crane\ncrane, the machine", ("crane", "crane, the machine")),
        ('["cat", "dog"]', ("cat", "dog")),
        ('{"1": "dog", "0": "cat"}', ("cat", "dog")),
        ('{"dog": 1, "cat": 0}', ("cat", "dog")),
        ('{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}', ("tench", "goldfish")),
        ('{"model_type": "vit", "id2label": {"0": "cat", "1": "dog"}}', ("cat", "dog")),
        ('{"class_to_idx": {"dog": 1, "cat": 0}}', ("cat", "dog")),
        ("[0, 1, 2]", ("0", "1", "2")),
        ('{"0": 1, "1": 0}', ("1", "0")),
        ('{"3": 0, "7": 1}', ("3", "7")),
        ('{"class_to_idx": {"0": 1, "1": 2, "2": 0}}', ("2", "0", "1")),
        ('{"id2label": {"0": 1, "1": 2, "2": 0}}', ("1", "2", "0")),
        (json.dumps({str(index): f"c{index}" for index in range(12)}), tuple(f"c{i}" for i in range(12))),
    ],
)
def test_read(tmp_path: Path, text: str, labels: tuple[str, ...]) -> None:
    path = tmp_path / "labels"
    path.write_bytes(text.encode())
    assert labels_in_file(path) == labels


def test_utf_16_as_windows_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes("Katze\r\nHündin\r\n".encode("utf-16"))
    assert labels_in_file(path) == ("Katze", "Hündin")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.txt", b"", "it is empty, expected one name a line"),
        ("a.txt", b" \n \n", "it is empty"),
        ("a.txt", b"cat\n\ndog\n", "line 2 is empty, expected the name of class 1 (classes count from 0)"),
        ("a.txt", b"caf\xe9\n", "is not UTF-8; is it in Windows-1252"),
        ("a.json", b"cat", "it is not valid JSON"),
        ("a.json", b"3", "expected one name a line, or JSON"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b"[]", "expected one name a line, or JSON"),
        ("a.json", b'["cat", null]', "found null for class 1, expected a name"),
        ("a.json", b'["cat", ""]', 'found "" for class 1, expected a name'),
        ("a.json", b'{"0": "cat", "2": "dog"}', "expected each from 0 to 1; 1 is missing"),
        ("a.json", b'{"cat": 0, "dog": 0}', "0 … expected".replace(" …", " …,")),
        ("a.json", b'{"cat": 0, "dog": true}', 'found an object with the keys ["cat", "dog"]'),
        ("a.json", b'{"cat": "miaow"}', "found an object with the keys"),
        ("a.json", b"{}", "found an object with the keys []"),
    ],
)
def test_refused(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(OptionError) as raised:
        labels_in_file(path)
    assert raised.value.option == "--labels-file"
    assert str(path) in str(raised.value)
    assert problem in str(raised.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there is no such file"):
        labels_in_file(tmp_path / "labels.txt")
    with pytest.raises(OptionError, match="it cannot be read: Is a directory"):
        labels_in_file(tmp_path)

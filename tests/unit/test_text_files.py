"""Text files with a byte order mark are read in their encoding; others are refused, naming the encoding."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.keys import write_pair
from torch2web.catalog.load import load_catalog
from torch2web.errors import CatalogError, KeyFileError, OutcomeError, TextEncodingError
from torch2web.serve.parity.outcome import parse
from torch2web.site.hosting.host_files import read_site
from torch2web.site.manifest.layout import SUMS, read_sums
from torch2web.site.signing.keys import PublicKey, SigningKey
from torch2web.text_files import decode_text, read_text

MARKED = ("utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-32-be")


def marked(text: str, encoding: str) -> bytes:
    return (text if encoding in MARKED[:3] else f"\ufeff{text}").encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", *MARKED])
def test_read(tmp_path: Path, encoding: str) -> None:
    text = 'title = "Grüße 😀"\r\n'
    (tmp_path / "text").write_bytes(text.encode() if encoding == "utf-8" else marked(text, encoding))
    assert read_text(tmp_path / "text") == text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('a = 1\ntitle = "Grüße"'.encode("cp1252"), "the byte 0xFC in line 2 is not UTF-8; is it in Windows"),
        (
            "title = 'x'".encode("utf-16-le"),
            "UTF-16 or UTF-32 without a byte order mark; save it as UTF-8",
        ),
        (b"\xff\xfea", "its byte order mark says UTF-16-LE, but byte 0 after it does not fit"),
    ],
)
def test_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "models.toml").write_bytes(content)
    with pytest.raises(TextEncodingError, match=problem) as caught:
        read_text(tmp_path / "models.toml")
    with pytest.raises(CatalogError) as of_catalog:
        load_catalog(tmp_path / "models.toml")
    assert of_catalog.value.problem == caught.value.problem
    with pytest.raises(OutcomeError, match=problem):
        parse(content)


@pytest.mark.parametrize("encoding", MARKED)
def test_readers(tmp_path: Path, encoding: str) -> None:
    """A file saved again with a byte order mark reads as before."""
    catalog = tmp_path / "models.toml"
    catalog.write_bytes(marked((ROOT / "models.toml").read_text(), encoding))
    assert load_catalog(catalog) == load_catalog(ROOT / "models.toml")
    assert parse(marked('{"a": 1}', encoding)) == {"a": 1}
    (tmp_path / SUMS).write_bytes(marked(f"{'0' * 64}  page.js\r\n", encoding))
    assert read_sums(tmp_path) == ({"page.js": "0" * 64}, [])
    page = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
    (tmp_path / "index.html").write_bytes(marked(page, encoding))
    assert list(read_site(tmp_path, ["index.html"]).policies) == ["index.html"]


@pytest.mark.parametrize("read", [PublicKey.read, lambda path: SigningKey.read(path.with_name("key.pem"))])
def test_keys(tmp_path: Path, read: Callable[[Path], object]) -> None:
    pair = write_pair(tmp_path)
    read(pair.public)
    plain = {path: path.read_text() for path in (pair.private, pair.public)}
    for path, text in plain.items():
        path.write_bytes(marked(text, "utf-16"))
    with pytest.raises(KeyFileError, match=r"it is text in UTF-16-LE; save it as UTF-8"):
        read(pair.public)
    for path, text in plain.items():
        path.write_bytes(marked(text, "utf-8-sig"))
    read(pair.public)


def test_source_is_named() -> None:
    with pytest.raises(TextEncodingError, match="a letter: the byte 0xFF in line 1"):
        decode_text(b"a\xff", "a letter")

"""The assets: every byte is verified; missing and damaged files are named."""

import json
from pathlib import Path

import pytest

from torch2web.assets import FILES, INDEX, Assets, load_assets
from torch2web.errors import AssetsError
from web.build.assets import TEMPLATES, sources_sha256, write_assets


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    """A few files as a wheel has them: one is large enough to be stored compressed."""
    contents = {"a.js": b"a", "engine/plain/engine.wasm": b"engine", "big.wasm": bytes(range(256)) * 5000}
    write_assets(tmp_path, contents, "sources", small=True)
    return load_assets(tmp_path)


def test_files_are_read_as_they_were_written(assets: Assets) -> None:
    assert assets.read("a.js") == b"a"
    assert assets.read("big.wasm") == bytes(range(256)) * 5000
    assert (assets.folder / "big.wasm.xz").stat().st_size < 100_000
    assert assets.below("engine/") == ["engine/plain/engine.wasm"]


def test_a_checkout_has_files_as_they_are(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    write_assets(tmp_path, {"big.wasm": content}, "sources")
    assert (tmp_path / "big.wasm").read_bytes() == content
    assert load_assets(tmp_path).read("big.wasm") == content


def test_same_input_same_bytes(assets: Assets, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = tmp_path_factory.mktemp("again")
    write_assets(again, {path: assets.read(path) for path in assets.index["files"]}, "sources", small=True)
    for path in again.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (assets.folder / path.relative_to(again)).read_bytes()


@pytest.mark.parametrize("path", ["a.js", "big.wasm.xz"])
def test_damaged_file_is_refused(assets: Assets, path: str) -> None:
    content = bytearray((assets.folder / path).read_bytes())
    content[len(content) // 2] ^= 1
    (assets.folder / path).write_bytes(content)
    with pytest.raises(AssetsError, match="install torch2web again, or run `make assets`"):
        assets.read(path.removesuffix(".xz"))


def test_decompressed_files_are_kept_and_checked(assets: Assets, tmp_path: Path) -> None:
    folder, content = tmp_path / "unpacked", assets.read("big.wasm")
    folder.mkdir()
    (folder / "of another version").touch()
    keeping = assets.keeping(folder)
    assert [keeping.read("a.js"), keeping.read("big.wasm")] == [b"a", content]
    (kept,) = folder.iterdir()
    (assets.folder / "big.wasm.xz").unlink()
    assert keeping.read("big.wasm") == content, "from the folder"
    kept.write_bytes(content + b"1")
    with pytest.raises(AssetsError, match="it cannot be read"):
        keeping.read("big.wasm")


def test_missing_file_and_missing_assets(assets: Assets, tmp_path: Path) -> None:
    (assets.folder / "a.js").unlink()
    with pytest.raises(AssetsError, match="it cannot be read"):
        assets.read("a.js")
    with pytest.raises(AssetsError, match="found no assets"):
        load_assets(tmp_path / "none")
    (tmp_path / INDEX).write_text("{")
    with pytest.raises(AssetsError, match="it cannot be read"):
        load_assets(tmp_path)


def test_engine_version_changes_with_every_byte(
    assets: Assets, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    write_assets(other, {"engine/plain/engine.wasm": b"enginf"}, "sources")
    assert assets.engine_version != load_assets(other).engine_version


def test_compiled_assets_are_those_of_the_sources() -> None:
    assert json.loads((FILES / INDEX).read_text())["sources"] == sources_sha256()
    assert load_assets().read("scripts/torch2web.js")


def test_page_style_is_made_of_the_style_sheets_in_the_order_of_their_names() -> None:
    style, parts = load_assets().read("templates/page.css"), sorted((TEMPLATES / "page").glob("*.css"))
    positions = [style.index(part.read_bytes()) for part in parts]
    assert positions[0] == 0
    assert positions == sorted(positions)
    assert len(parts) > 3

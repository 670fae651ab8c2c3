"""Builds that reuse the cache of earlier ones."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_build, tree
from tests.tiny_network import write_tiny_catalog
from torch2web.cli import main
from torch2web.site.manifest import read_site_manifest
from torch2web.verification.neutral_images import neutral_images

OTHER_MODELS = shutil.ignore_patterns("landmark*", "efficientnet*", ".*")
"""Of a cache, what a build of the smallest model does not need, and what others are just writing."""


def test_unchanged_rebuild_exports_nothing_and_imports_no_torch(
    small_site: Path, tmp_path: Path, cache: Path
) -> None:
    code = (
        "import sys\nfrom torch2web.cli import main\ncode = main(sys.argv[1:])\n"
        "print(code, [name for name in ('torch', 'onnx', 'distributed', 'fsspec') if name in sys.modules])\n"
    )
    arguments = ["build", "--only", "mobilenet_emotion", "--variants", "all"]
    arguments += ["--out", str(tmp_path / "site"), "--cache", str(cache)]
    (tmp_path / "site").mkdir()
    (tmp_path / "site/.DS_Store").touch()  # ignored, and not copied into the new site
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert result.stdout.splitlines()[-1] == "0 []"
    assert "kept" in result.stdout
    assert tree(tmp_path / "site") == tree(small_site)


def test_two_builds_are_byte_identical(small_site: Path, tmp_path: Path) -> None:
    """Each from an empty cache."""
    site, cache = tmp_path / "site", tmp_path / "cache"
    options = ("--only", "mobilenet_emotion", "--variants", "all", "--out", site, "--cache", cache)
    result = run_build(*options)
    assert result.returncode == 0, result.stderr
    assert "kept" not in result.stdout
    first, second = tree(small_site), tree(site)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_damaged_cache_is_not_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own, site = tmp_path / "cache", tmp_path / "site"
    options = [*write_tiny_catalog(tmp_path), "--no-precompressed", "--no-verify-page"]
    options += ["--out", site, "--cache", own]

    def build() -> str:
        assert main(["build", *map(str, options)]) == 0
        return capsys.readouterr().out

    assert "kept" not in build()
    before = tree(site)
    (model,) = (own / "models").glob("tiny-*/model.onnx")
    damaged = bytearray(model.read_bytes())
    damaged[5000] ^= 1
    model.unlink()  # the site has the same file
    model.write_bytes(damaged)
    assert "kept" not in build()
    assert tree(site) == before
    assert "kept" in build()


Build = Callable[..., str]
"""`build(site, cache, *options)`: a build of the tiny catalogue; what it prints."""


@pytest.fixture
def tiny_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Build:
    catalog = list(map(str, write_tiny_catalog(tmp_path)))
    short = ["--effort", "fast", "--no-precompressed", "--no-verify-page", "--no-docs"]

    def build(name: str, cache: str, *options: str) -> str:
        folders = ["--out", str(tmp_path / name), "--cache", str(tmp_path / cache)]
        assert main(["build", *catalog, *short, *options, *folders]) == 0
        return capsys.readouterr().out

    return build


def test_what_only_the_manifest_says_converts_nothing(tmp_path: Path, tiny_build: Build) -> None:
    build, catalog = tiny_build, tmp_path / "tiny.toml"
    build("before", "cache")
    text = catalog.read_text().replace('"a", "b"', '"b", "first"')
    catalog.write_text(text.replace("tolerance", 'title = "Tiny"\nversion = "2.0.0"\ntolerance'))
    assert "kept" in build("after", "cache")
    assert "kept" not in build("anew", "other cache")
    assert tree(tmp_path / "after") == tree(tmp_path / "anew")
    (model,) = read_site_manifest(tmp_path / "after")["models"]
    assert (model["labels"], model["title"], model["version"]) == (["b", "first", "c", "d"], "Tiny", "2.0.0")


def test_labels_count_where_folders_of_pictures_are_named_like_them(
    tmp_path: Path, tiny_build: Build
) -> None:
    catalog, pictures = tmp_path / "tiny.toml", tmp_path / "pictures/first"
    catalog.write_text(catalog.read_text().replace('"a", "b"', '"b", "first"'))
    pictures.mkdir(parents=True)
    for image in neutral_images():
        (pictures / f"{image.name}.png").write_bytes(image.as_png())
    own = ("own", "cache", "--images", str(tmp_path / "pictures"))
    assert "kept" not in tiny_build(*own)
    assert "kept" in tiny_build(*own)
    catalog.write_text(catalog.read_text().replace('"b", "first"', '"first", "b"'))
    assert "kept" not in tiny_build(*own)


def edit_in_place(path: Path) -> None:
    """Write into an existing file instead of replacing it, as some editors and scripts do."""
    with path.open("r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("pattern", ["models/*.onnx", "models/parts/*.bin", "torch2web-*.js.gz"])
def test_editing_the_site_does_not_spoil_the_next_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], pattern: str
) -> None:
    """Files of the site are hard links to those of the cache."""
    site = tmp_path / "site"
    options = [*write_tiny_catalog(tmp_path), "--effort", "fast", "--no-verify-page", "--no-docs"]
    options += ["--out", site, "--cache", tmp_path / "cache"]
    if not pattern.endswith(".gz"):
        options.append("--no-precompressed")

    def build() -> str:
        assert main(["build", *map(str, options)]) == 0
        return capsys.readouterr().out

    build()
    before = tree(site)
    assert "kept" in build()
    edited = min(site.glob(pattern))
    assert edited.stat().st_nlink > 1, "it is no link: this tests nothing"
    edit_in_place(edited)
    assert ("kept" in build()) == (edited.suffix == ".gz"), "the model is converted anew"
    assert tree(site) == before
    assert "kept" in build()
    assert tree(site) == before

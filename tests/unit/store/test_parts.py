"""Files in download parts, named by their content, and joined again."""

import hashlib
from pathlib import Path

import pytest

from tests.browser.sites import manifest_of
from tests.conftest import run_build
from tests.unit.coding.cases import file_of
from torch2web.coding import DamagedPartError
from torch2web.errors import InputError
from torch2web.store.parts import PartedFile, join_parts, write_coded_parts, write_parts


@pytest.mark.parametrize("size", [1, 99, 100, 101, 250])
def test_parts_follow_one_another(tmp_path: Path, size: int) -> None:
    content = bytes(range(251))[:size]
    file = write_parts(tmp_path, "parts/*.bin", content, 100)
    assert [part.size for part in file.parts] == [100] * (size // 100) + [size % 100] * (size % 100 > 0)
    assert (file.size, file.sha256) == (size, hashlib.sha256(content).hexdigest())
    for part in file.parts:
        assert part.path == f"parts/{part.sha256[:32]}.bin"
        assert hashlib.sha256((tmp_path / part.path).read_bytes()).hexdigest() == part.sha256
    assert join_parts(tmp_path, file.as_dict()) == content
    assert PartedFile.from_dict(file.as_dict()) == file


@pytest.mark.parametrize("part_size", [3000, 2**20])
def test_coded_parts_are_the_file_again(tmp_path: Path, part_size: int) -> None:
    content = file_of()
    file = write_coded_parts(tmp_path, "parts/*.bin", content, part_size)
    stored = b"".join((tmp_path / part.path).read_bytes() for part in file.parts)
    assert (file.size, file.sha256) == (len(stored), hashlib.sha256(stored).hexdigest())
    assert file.coded
    assert file.size < len(content)
    assert sum(part.decoded or part.size for part in file.parts) == len(content)
    assert all(part.size < part.decoded <= part_size for part in file.parts if part.decoded)
    assert file.as_dict()["coding"] == "rans"
    assert PartedFile.from_dict(file.as_dict()) == file
    assert join_parts(tmp_path, file.as_dict()) == content


def test_a_part_that_is_larger_coded_is_stored_as_it_is(tmp_path: Path) -> None:
    content = file_of("seven")
    file = write_coded_parts(tmp_path, "parts/*.bin", content, 8)
    assert not file.coded
    assert "coding" not in file.as_dict()
    assert join_parts(tmp_path, file.as_dict()) == content


def test_a_damaged_coded_part_is_named(tmp_path: Path) -> None:
    file = write_coded_parts(tmp_path, "parts/*.bin", file_of("few"), 2**20)
    (part,) = file.parts
    (tmp_path / part.path).write_bytes((tmp_path / part.path).read_bytes()[:-1])
    with pytest.raises(DamagedPartError, match=f"found {part.size - 1} bytes that are not a coded part"):
        join_parts(tmp_path, file.as_dict())


def test_same_content_is_one_file(tmp_path: Path) -> None:
    file = write_parts(tmp_path, "parts/*.bin", b"ab" * 50, 10)
    assert len(file.parts) == 10
    assert len(list((tmp_path / "parts").iterdir())) == 1


def test_no_file_over_the_limit(tmp_path: Path, cache: Path) -> None:
    site = tmp_path / "site"
    options = ["--only", "mobilenet_emotion", "--no-precompressed", "--max-file-size", "1"]
    options += ["--out", str(site), "--cache", str(cache)]
    result = run_build(*options)
    assert result.returncode == InputError.exit_code
    assert "pyodide.asm.wasm (" in result.stderr
    assert "--no-verify-page leaves out verify/" in result.stderr
    assert not site.exists()
    result = run_build(*options, "--no-verify-page", "--no-full-onnx")
    assert result.returncode == 0, result.stderr
    assert max(path.stat().st_size for path in site.rglob("*") if path.is_file()) <= 2**20
    assert not list(site.rglob("*.onnx"))
    (model,) = manifest_of(site)["models"]
    assert "plain" not in model
    assert len(model["variants"][0]["weights"]["parts"]) == 3
    assert len(manifest_of(site)["runtime"]["files"]["wasm"]["parts"]) == 14


@pytest.mark.parametrize("value", ["0", "-1", "many", "nan"])
def test_limit_must_be_a_size(value: str) -> None:
    result = run_build("--max-file-size", value)
    assert result.returncode == 2
    assert f"found {value}, expected a number of MiB" in result.stderr

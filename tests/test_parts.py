"""Files in parts: named by what they hold, and put together again."""

import hashlib
from pathlib import Path

import pytest

from converter.errors import InputError, OutputError
from converter.parts import join_parts, write_parts
from converter.placing import _require_verified
from tests.browser.sites import manifest_of
from tests.conftest import run_build


@pytest.mark.parametrize("size", [1, 99, 100, 101, 250])
def test_parts_follow_one_another(tmp_path: Path, size: int) -> None:
    content = bytes(range(251))[:size]
    (tmp_path / "source").write_bytes(content)
    file = write_parts(tmp_path, "parts/*.bin", tmp_path / "source", 100)
    assert [part.size for part in file.parts] == [100] * (size // 100) + [size % 100] * (size % 100 > 0)
    assert (file.size, file.sha256) == (size, hashlib.sha256(content).hexdigest())
    for part in file.parts:
        assert part.path == f"parts/{part.sha256[:32]}.bin"
        assert hashlib.sha256((tmp_path / part.path).read_bytes()).hexdigest() == part.sha256
    assert join_parts(tmp_path, file.as_dict()) == content


def test_same_content_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"ab" * 50)
    file = write_parts(tmp_path, "parts/*.bin", tmp_path / "source", 10)
    assert len(file.parts) == 10
    assert len(list((tmp_path / "parts").iterdir())) == 1


def test_file_that_changed_after_its_verification() -> None:
    _require_verified(Path("a.onnx"), "00", {"a.onnx": "00"})
    with pytest.raises(OutputError, match="it changed after it was verified"):
        _require_verified(Path("a.onnx"), "11", {"a.onnx": "00"})


def test_no_file_over_the_limit(tmp_path: Path, cache: Path) -> None:
    site = tmp_path / "site"
    options = ("--only", "mobilenet_emotion", "--out", site, "--cache", cache, "--max-file-size", "1")
    result = run_build(*options)
    assert result.returncode == InputError.exit_code
    assert "pyodide.asm.wasm (" in result.stderr
    assert "--no-verify-page leaves out what is in verify/" in result.stderr
    assert not site.exists()
    result = run_build(*options, "--no-verify-page", "--no-plain-models")
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

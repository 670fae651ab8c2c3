"""ops.toml and the files generated from it: stale files are detected, inconsistent tables refused."""

import shutil
from pathlib import Path

import pytest

from web.engine.generate_ops.__main__ import ROOT, generated, main
from web.engine.generate_ops.read import TABLE, TableError, read_table

CONTRADICTIONS = {
    "unknown type": ('{ length = "count" },', '{ lenght = "count" },', r"\['lenght'\], expected one of"),
    "two types": (
        '{ length = "count" },',
        '{ length = "count", flag = "b" },',
        r"names \['flag', 'length'\]",
    ),
    "same name twice": ('{ input = "a b" },', '{ input = "a a" },', "two fields are called a"),
    "unknown field": ('equals = "inputs"', 'equals = "columns"', "x_stride refers to columns"),
    "no output": ('{ output = "gate", doc', '{ input = "gate", doc', r"squeeze_excite: 0 outputs \[\]"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the table and the generated files outside the checkout."""
    for path in generated():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    shutil.copy(TABLE, tmp_path)
    return tmp_path


def check(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Exit code and output of --check."""
    code = main(["--check"], root, root / TABLE.name)
    return code, capsys.readouterr().err.splitlines()


def test_generated_files_are_current(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(copy, capsys) == (0, [])


def test_stale_file_is_detected(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("converter/torch2web/plan/ops.py")
    text = (copy / path).read_text()
    (copy / path).write_text(text.replace("    pad_top: int", "    pad_over: int", 1))
    assert check(copy, capsys) == (1, [f"{path} is stale: run python -m web.engine.generate_ops"])
    (copy / path).unlink()
    assert check(copy, capsys)[0] == 1
    assert main([], copy, copy / TABLE.name) == 0
    assert check(copy, capsys) == (0, [])


def test_changed_table_makes_c_and_python_stale(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = copy / TABLE.name
    changed = table.read_text().replace('{ flag = "max_pool" }', '{ flag = "max_pool min_pool" }')
    table.write_text(changed)
    code, lines = check(copy, capsys)
    assert code == 1
    assert [line.partition(" ")[0].rpartition("/")[2] for line in lines] == [
        "operators.h",
        "format.h",
        "ops.c",
        "ops.py",
    ]


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_inconsistent_tables_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before, after, problem = CONTRADICTIONS[name]
    text = TABLE.read_text()
    assert before in text
    (tmp_path / "ops.toml").write_text(text.replace(before, after))
    with pytest.raises(TableError, match=problem):
        read_table(tmp_path / "ops.toml")
    assert main(["--check"], tmp_path, tmp_path / "ops.toml") == 1
    assert capsys.readouterr().err.startswith("web/engine/ops.toml: ")

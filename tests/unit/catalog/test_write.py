"""Entries written to models.toml: existing content is unchanged, and the model reads back as given."""

import stat
from pathlib import Path
from typing import Any

import pytest

from torch2web.catalog import load_catalog, parse_entry, write_entry
from torch2web.errors import CatalogError

ENTRY: dict[str, Any] = {
    "name": "pets",
    "checkpoint": "runs/7/best.pth",
    "factory": "nets:build",
    "factory_args": {"width": 32},
    "labels": ["cat", 'dog "big"', "a\tb\x7f", "שלום 😀"],
    "tolerance": 1e-4,
    "preprocessing": {
        "steps": [
            {"op": "resize", "size": 256, "filter": "bicubic"},
            {"op": "center_crop", "size": [224, 320]},
        ],
        "mean": [0.485, 0.456, 1e-7],
        "std": [0.229, 1.0, 2],
    },
}
BEFORE = """# Ours.\r\n[[models]] # the first
name   = "old"
checkpoint = 'old.pth'
architecture = "mobilenet_v2"
labels = ["a", "b"]
tolerance = 1e-4
[models.preprocessing]
resize = [8, 8]
filter = "box"
mean = [0,0,0]
std = [1,1,1]
# the end"""
ONE_ARRAY = (
    'models = [{ name = "x", checkpoint = "x", architecture = "mobilenet_v2", labels = ["a", "b"], '
    "tolerance = 1, "
    'preprocessing = { resize = [8, 8], filter = "box", mean = [0, 0, 0], std = [1, 1, 1] } }]'
)


def test_a_new_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    write_entry(path, ENTRY)
    (spec,) = load_catalog(path)
    assert spec == parse_entry(path, ENTRY)
    assert list(tmp_path.iterdir()) == [path], "nothing else is left"


def test_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_bytes(BEFORE.encode())
    path.chmod(0o640)
    write_entry(path, ENTRY)
    write_entry(path, {**ENTRY, "name": "more"})
    assert path.read_bytes().startswith(BEFORE.encode())
    assert [spec.name for spec in load_catalog(path)] == ["old", "pets", "more"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_defaults_of_the_catalogue_hold_for_what_the_entry_does_not_say(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(f"[defaults]\nopset = 12\n{BEFORE}")
    write_entry(path, ENTRY)
    assert load_catalog(path)[-1].opset == 12


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(BEFORE)
    (tmp_path / "models.toml").symlink_to("real.toml")
    write_entry(tmp_path / "models.toml", ENTRY)
    assert (tmp_path / "models.toml").is_symlink()
    assert len(load_catalog(tmp_path / "real.toml")) == 2


def test_null_among_the_arguments(tmp_path: Path) -> None:
    """TOML has no null; the arguments are then written as JSON."""
    path = tmp_path / "models.toml"
    args = {"weights": None, "num_classes": 4, "name": "ü"}
    write_entry(path, {**ENTRY, "factory_args": args})
    assert load_catalog(path)[0].source.args == args


@pytest.mark.parametrize(
    ("before", "entry", "message"),
    [
        (BEFORE, {"name": "old"}, "models[0].name: the catalogue has a model 'old' already; --name gives"),
        (BEFORE, {"output": "old.onnx"}, "models[0].output: 'old.onnx' would be the file of 'pets' too"),
        (BEFORE, {"name": "Pets"}, 'name: found "Pets", expected letters a to z, digits, _ and -'),
        (BEFORE, {"tolerance": float("nan")}, "tolerance: found nan, expected a finite number"),
        ("[[models]\n", {}, "it is not valid TOML"),
        ("[defaults]\nopset = 17\n", {}, "models: is missing"),
        ("models = []\n", {}, "models: found 0 entries"),
        (
            ONE_ARRAY,
            {},
            "models: is one array, to which no table can be added",
        ),
        (
            f"[defaults]\ntask = 'sigmoid'\n{BEFORE}",
            {},
            "defaults: they would change task of 'pets'",
        ),
    ],
)
def test_refused(tmp_path: Path, before: str, entry: dict[str, Any], message: str) -> None:
    path = tmp_path / "models.toml"
    path.write_bytes(before.encode())
    with pytest.raises(CatalogError) as raised:
        write_entry(path, {**ENTRY, **entry})
    assert message in str(raised.value)
    assert path.read_bytes() == before.encode(), "the catalogue is unchanged"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="it cannot be written: No such file or directory"):
        write_entry(tmp_path / "absent/models.toml", ENTRY)


def test_a_catalogue_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"it cannot be read: .*Is a directory"):
        write_entry(tmp_path, ENTRY)


def test_factory_args_that_are_no_object(tmp_path: Path) -> None:
    for text in ("[1]", "{"):
        with pytest.raises(CatalogError, match="factory_args: not a JSON object"):
            parse_entry(tmp_path, {**ENTRY, "factory_args": text})

"""Builds of many models: checkpoints are looked at first, and a model that fails need not stop the others."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.conftest import tree
from tests.tiny_network import relu_network, write_many, write_weights
from tests.unit.pipeline.test_processes import FAST
from torch2web import errors
from torch2web.cli import main
from torch2web.errors import FailedModelsError, StateDictError, Torch2WebError
from torch2web.pipeline.all_models import Overall
from torch2web.site.manifest import read_site_manifest

Broken = Callable[[Path], object]


def not_finite(path: Path) -> None:
    state = relu_network().state_dict()
    state["head.weight"][0, 0] = float("nan")
    torch.save(state, path)


def other_shape(path: Path) -> None:
    state = relu_network().state_dict()
    state["conv.weight"] = state["conv.weight"][:, :1]
    torch.save(state, path)


def constant(path: Path) -> None:
    """Sound to look at, refused once it has run."""
    state = {key: torch.zeros_like(value) for key, value in relu_network().state_dict().items()}
    torch.save(state, path)


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., int]:
    """`build(models, broken, *options)`: the exit code of a build of tiny networks into tmp_path / "site"."""

    def run(models: int, broken: dict[int, Broken], *options: str) -> int:
        catalog = write_many(tmp_path, models, broken)
        out = ["--out", str(tmp_path / "site"), "--cache", str(tmp_path / "cache")]
        return main(["build", *catalog, *FAST, *out, *options])

    return run


def names(site: Path) -> list[str]:
    return [entry["name"] for entry in read_site_manifest(site)["models"]]


def test_every_checkpoint_is_looked_at_before_the_first_conversion(
    build: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(4, {1: not_finite, 2: other_shape, 3: Path.touch}) == 2
    out, err = capsys.readouterr()
    assert "running PyTorch" not in out
    assert "error[FailedModelsError]: 3 of 4 models failed; no model was converted; --keep-going" in err
    assert "m1  CheckpointError  " in err
    assert "1 of its tensors contain NaN or infinite values: head.weight" in err
    assert "m2  StateDictError   " in err
    assert "m3  CheckpointError  " in err
    assert "it is empty (0 bytes)" in err
    assert not (tmp_path / "site").exists()


def test_keep_going_builds_the_site_of_the_others(
    build: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = {1: not_finite, 2: constant, 3: lambda _: None}
    assert build(4, broken, "--keep-going") == 1
    out, err = capsys.readouterr()
    assert names(tmp_path / "site") == ["m0"]
    assert "error[FailedModelsError]: 3 of 4 models failed; the site has the others" in err
    assert [line.split()[1] for line in err.splitlines() if line.startswith("  m")] == [
        "CheckpointError",
        "ConstantOutputError",
        "CheckpointError",
    ]
    assert "m3.pth: there is no such file" in err
    assert "m2: failed, 2 of 2" in out
    before = tree(tmp_path / "site")
    # Without it, nothing is replaced.
    assert build(3, {1: constant}) == 1
    assert "error[ConstantOutputError]" in capsys.readouterr().err
    assert tree(tmp_path / "site") == before
    # Nor with it, where no model is left.
    assert build(2, {0: not_finite, 1: constant}, "--keep-going", "--only", "m1") == 1
    assert "1 of 1 models failed" not in capsys.readouterr().err, "of a single model, its own error"
    assert build(2, {0: not_finite, 1: constant}, "--keep-going") == 1
    assert "2 of 2 models failed; the existing output is unchanged" in capsys.readouterr().err
    assert tree(tmp_path / "site") == before


def test_a_full_disk_ends_the_build_with_keep_going_too(
    build: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("torch2web.store.conversions.begin_work", full)
    assert build(2, {}, "--keep-going") == 2
    assert "error[OutputError]" in capsys.readouterr().err


@pytest.mark.parametrize("models", [6, 200])
def test_of_many_models_one_that_changed_is_converted(
    build: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: int
) -> None:
    """One conversion stands in for all: what is tested is which models are converted."""
    from torch2web.pipeline.conversion import convert as real

    kept: list[Any] = []
    converted: list[str] = []

    def convert(spec: Any, checkpoint: Path, entry: Any, **options: Any) -> Any:
        converted.append(spec.name)
        if not kept:
            kept.extend((real(spec, checkpoint, entry, **options), tree(entry.folder)))
        for path, content in kept[1].items():
            (entry.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (entry.folder / path).write_bytes(content)
        return kept[0]

    monkeypatch.setattr("torch2web.pipeline.conversion.convert", convert)
    monkeypatch.setattr("torch2web.sources.check_source", lambda *_: None)
    assert build(models, {}) == 0
    assert len(converted) == models
    converted.clear()
    assert build(models, {5: lambda path: write_weights(path, 1007)}) == 0
    assert converted == ["m5"]
    assert len(names(tmp_path / "site")) == models


def test_progress_is_of_all_models() -> None:
    shown: list[tuple[str, float, int, str]] = []
    overall = Overall(lambda text, done, total, detail="": shown.append((text, done, total, detail)), 2, 4)
    overall.on_stage(0, "a")
    overall.on_stage(1, "b")
    overall.on_stage(1, "c")
    overall.on_stage(1, "c", 5, 10)
    overall.finish(1, "done")
    overall.on_stage(0, "d")
    assert [entry[1] for entry in shown] == [0, 0, 1, 1.5, 4, 5]
    assert {entry[2] for entry in shown} == {9}
    assert shown[3][3] == "5 of 10"


def made(kind: type[Torch2WebError]) -> Torch2WebError:
    if kind is FailedModelsError:
        return FailedModelsError({"a": errors.InputError("b")}, 2, "c")
    if kind is StateDictError:
        return StateDictError(Path("a"), "b", ["c"], [], {"d": ((1,), (2,))})
    error = kind.__new__(kind)
    error.args = ("what was found",)
    error.__dict__.update(model="m", path=Path("p"))
    return error


@pytest.mark.parametrize(
    "kind", [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
)
def test_errors_come_back_from_other_processes(kind: type[Torch2WebError]) -> None:
    error = made(kind)
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert str(back) == str(error)
    assert {key: str(value) for key, value in vars(back).items()} == {
        key: str(value) for key, value in vars(error).items()
    }

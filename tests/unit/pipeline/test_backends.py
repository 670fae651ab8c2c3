"""`--backend`: the inference backends that a site includes, and models without a plan."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.browser.sites import manifest_of, script_of, style_of
from tests.conftest import run_build, tree
from tests.tiny_network import plannable, unplannable, write_tiny_catalog
from torch2web.cli import main
from torch2web.verification import run_session

MODEL = "mobilenet_emotion"


def built(site: Path, cache: Path, backend: str, *more: str) -> subprocess.CompletedProcess[str]:
    result = run_build(
        "--only",
        MODEL,
        "--no-verify-page",
        "--variants",
        "all",
        "--backend",
        backend,
        "--out",
        site,
        "--cache",
        cache,
        *more,
    )
    assert result.returncode == 0, result.stderr
    return result


@pytest.fixture(scope="module")
def compiled_site(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    site = tmp_path_factory.mktemp("compiled") / "site"
    built(site, cache, "compiled")
    return site


@pytest.fixture(scope="module")
def onnxruntime_site(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    site = tmp_path_factory.mktemp("onnxruntime") / "site"
    built(site, cache, "onnxruntime")
    return site


def names_below(site: Path, folder: str) -> set[str]:
    """File names without their hashes."""
    return {path.name.rpartition("-")[0] for path in site.glob(f"{folder}/*.wasm")}


def test_both_by_default(small_site: Path) -> None:
    manifest = manifest_of(small_site)
    (model,) = manifest["models"]
    assert {"runtime", "engine"} < set(manifest)
    assert {"graph", "plan"} < set(model)
    assert "no_plan" not in model
    assert names_below(small_site, "engine") == {
        "engine",
        "engine-threads",
        "engine-relaxed",
        "engine-relaxed-threads",
    }
    for build, module in manifest["engine"]["files"].items():
        (path,) = (part["path"] for part in module["parts"])
        assert ("relaxed" in build, "threads" in build) == ("relaxed" in path, "threads" in path)
    assert len(manifest["engine"]["version"]) == 16
    assert model["plan"]["size"] < 150_000


def test_compiled_alone(compiled_site: Path, small_site: Path) -> None:
    manifest = manifest_of(compiled_site)
    (model,), (other,) = manifest["models"], manifest_of(small_site)["models"]
    assert "runtime" not in manifest
    assert "graph" not in model
    assert not (compiled_site / "onnxruntime").exists()
    weights = [variant["weights"] for variant in model["variants"]]
    assert weights == [variant["weights"] for variant in other["variants"]], "the same files for either"
    wanted = {
        part["path"] for file in (model["plan"], model["heatmap"]["plan"], *weights) for part in file["parts"]
    }
    assert {f"models/parts/{path.name}" for path in compiled_site.glob("models/parts/*.bin")} == wanted
    assert (compiled_site / model["plain"]["path"]).is_file(), "for servers, as ever"
    for name in ("index.html", "THIRD_PARTY.txt"):
        assert "onnxruntime" not in (compiled_site / name).read_text()
        assert "onnxruntime" in (small_site / name).read_text()


def test_small_over_the_wire(compiled_site: Path) -> None:
    """Downloads of a first visit: page, loader, engine and the default variant."""
    manifest = manifest_of(compiled_site)
    (model,) = manifest["models"]
    fetched = ["index.html", style_of(compiled_site), "models/model_info.json"]
    fetched += [script_of(compiled_site, name) for name in ("torch2web", "page")]
    files = (manifest["engine"]["files"]["relaxed"], model["plan"], model["variants"][0]["weights"])
    fetched += [part["path"] for file in files for part in file["parts"]]
    sent = 0
    for path in fetched:
        smaller = compiled_site / f"{path}.br"
        sent += (smaller if smaller.exists() else compiled_site / path).stat().st_size
    assert sent < 2.42e6


def test_onnxruntime_alone(onnxruntime_site: Path) -> None:
    manifest = manifest_of(onnxruntime_site)
    (model,) = manifest["models"]
    assert "engine" not in manifest
    assert not {"plan", "no_plan"} & set(model), "none was wanted"
    assert not (onnxruntime_site / "engine").exists()


def test_a_conversion_with_a_plan_serves_all_three(tmp_path: Path, cache: Path) -> None:
    """Whichever build made the conversion, none of the others converts again."""
    for backend in ("both", "compiled", "onnxruntime"):
        built(tmp_path / "site", cache, backend)
        assert "kept" in built(tmp_path / "site", cache, backend).stdout


def test_byte_identical_from_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [*write_tiny_catalog(tmp_path), "--backend", "compiled", "--effort", "fast"]
    options += ["--no-precompressed", "--no-verify-page"]
    for name in ("first", "second"):
        folders = ["--out", tmp_path / name, "--cache", tmp_path / f"cache of {name}"]
        assert main(["build", *map(str, [*options, *folders])]) == 0
    assert "kept" not in capsys.readouterr().out
    assert tree(tmp_path / "first") == tree(tmp_path / "second")


@pytest.mark.parametrize("site", ["compiled_site", "onnxruntime_site"])
def test_verify_runs_what_there_is(site: str, request: pytest.FixtureRequest) -> None:
    result = run_build("verify", request.getfixturevalue(site))
    assert result.returncode == 0, result.stderr
    rows = [line for line in result.stdout.splitlines() if line.startswith(MODEL)]
    assert len(rows) == 5
    assert all(row.endswith("ok") for row in rows)


def test_another_name_is_wrong_usage(tmp_path: Path) -> None:
    result = run_build("--backend", "tensorflow", "--out", tmp_path / "site")
    assert result.returncode == 2
    assert "tensorflow" in result.stderr


def build_unplannable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backend: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Exit code, output and errors of a build with another network in place of MobileNetV2."""
    monkeypatch.setattr("torch2web.sources.load.load_model", unplannable)
    options = ["--only", MODEL, "--no-verify-page", "--no-precompressed", "--backend", backend]
    code = main(["build", *options, "--out", str(tmp_path / "site"), "--cache", str(tmp_path / "cache")])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_compiled_alone_refuses_what_it_cannot_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):  # the second time of the cache
        code, _, errors = build_unplannable(monkeypatch, tmp_path, "compiled", capsys)
        assert code == 1
        assert f"{MODEL}: the compiled backend cannot run it: Sin " in errors
        assert "--backend both builds this model for onnxruntime-web" in errors
        assert not (tmp_path / "site").exists()


def test_both_falls_back_with_a_note(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        code, output, _ = build_unplannable(monkeypatch, tmp_path, "both", capsys)
        assert code == 0
        assert f"{MODEL}: built without the compiled backend: Sin " in output
        manifest = manifest_of(tmp_path / "site")
        (model,) = manifest["models"]
        assert model["no_plan"].startswith("Sin ")
        assert "plan" not in model
        assert "graph" in model
        assert "engine" not in manifest, "there is nothing for it to run"


def test_model_that_onnxruntime_gives_less_exactly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The site includes it for the compiled backend alone, which stays within the tolerance."""
    monkeypatch.setattr(
        "torch2web.verification.compare.run_session", lambda *given: run_session(*given) + 1e-3
    )
    monkeypatch.setattr("torch2web.sources.load.load_model", plannable)
    options = ["--only", MODEL, "--no-verify-page", "--no-precompressed", "--cache", str(tmp_path / "cache")]

    def build(backend: str) -> tuple[int, str, str]:
        code = main(["build", *options, "--backend", backend, "--out", str(tmp_path / "site")])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    for _ in range(2):  # the second time of the cache
        code, output, _errors = build("both")
        assert code == 0
        assert f"{MODEL}: built for the compiled backend alone, without a fallback" in output
        assert "in onnxruntime, logits exceed the tolerance: found a difference of 0.001" in output
        (model,) = manifest_of(tmp_path / "site")["models"]
        assert "graph" not in model
        assert "plain" not in model
        assert "plan" in model
        assert model["no_graph"].startswith("logits exceed the tolerance: ")
        assert [variant["name"] for variant in model["variants"]] == ["fp32"]
        assert 0 < model["verification"]["logits_max_abs_diff"] < 1e-4
        float64 = model["float64"]
        assert float64["vectors"] == 6
        assert max(float64["pytorch"], float64["compiled"]) < 1e-4 < 9e-4 < float64["onnxruntime"]
        assert "difference from PyTorch in float64: PyTorch in float32 " in output
        assert ", onnxruntime 1.0e-03, the compiled backend " in output
    assert main(["verify", str(tmp_path / "site")]) == 0
    code, _output, errors = build("onnxruntime")
    assert code == 1
    assert "--backend both or compiled builds it" in errors

    monkeypatch.setattr("torch2web.plan.judge.run_plan", lambda *_: np.zeros((32, 4)))
    options[-1] = str(tmp_path / "other cache")
    code, _output, errors = build("both")
    assert code == 1
    assert "The compiled backend is no way out: with fp32 weights" in errors
    assert "The error is that of the exported file or of onnxruntime" in errors


def test_onnxruntime_alone_makes_no_plan(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_plan(*_: object) -> None:
        raise AssertionError("it is not needed")

    monkeypatch.setattr("torch2web.pipeline.conversion.export_choice.plan_model", no_plan)
    code, output, _ = build_unplannable(monkeypatch, tmp_path, "onnxruntime", capsys)
    assert code == 0
    assert "compiled backend" not in output
    assert "Sin" not in json.dumps(manifest_of(tmp_path / "site"))

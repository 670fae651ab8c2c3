"""`verify` on sites with right checksums and wrong content."""

import json
import shutil
from pathlib import Path

import pytest

from tests.browser.mutants import scaled_weight_site
from tests.browser.sites import weights_of
from torch2web.catalog.load import ModelSpec
from torch2web.site.manifest.layout import CHECKSUMS, ENTRY, MANIFEST, SUMS
from torch2web.site.recheck.site_check import recheck, site_problems
from torch2web.store.hashing import sha256_of


@pytest.fixture
def site(small_site: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_site, tmp_path / "site"))


def quiet(text: str, done: float, total: int, detail: str = "") -> None:
    assert text
    assert 0 <= done < total


def renew_sums(site: Path, path: str) -> None:
    """Recompute the checksums of a changed site."""
    lines = [line for line in (site / SUMS).read_text().splitlines() if not line.endswith(f"  {path}")]
    (site / SUMS).write_text("\n".join([*lines, f"{sha256_of(site / path)}  {path}"]) + "\n")


def test_right_site(site: Path) -> None:
    result = recheck(site, quiet)
    assert result.problems == ()
    assert [check.name for check in result.models] == [
        f"mobilenet_emotion {name}" for name in ("onnx", "compact", "int8", "fp16", "fp32")
    ]
    # Exact variants against PyTorch, rounded ones against onnxruntime's logits of the build.
    exact = [check.max_abs_diff for check in result.models if check.name.endswith(("onnx", "fp32"))]
    assert all(0 < difference <= 1e-4 for difference in exact)


def test_every_file_counts(site: Path) -> None:
    """Of every second file altered, each is named, and no other."""
    files = sorted(path for path in site.rglob("*") if path.is_file() and path.name != SUMS)
    assert len(files) > 300
    for altered in (files[::2], files[1::2]):
        contents = {path: path.read_bytes() for path in altered}
        for path, content in contents.items():
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if content else b"no longer empty")
        checked = [problem.partition(": found SHA-256 ") for problem in site_problems(site)]
        assert {path for path, found, _ in checked if found} == {
            path.relative_to(site).as_posix() for path in altered
        }
        for path, content in contents.items():
            path.write_bytes(content)
    assert site_problems(site) == []


def test_wrong_model_with_renewed_sums(
    site: Path, small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path
) -> None:
    wrong = scaled_weight_site(small_site, tmp_path / "wrong", catalog["mobilenet_emotion"])
    result = recheck(wrong, quiet)
    assert len(result.problems) == 2, "the whole file and the variant"
    assert all("its golden outputs differ by" in problem for problem in result.problems)
    assert not any(check.passed for check in result.models)
    model = "models/mobilenet_emotion.onnx"
    shutil.copy(wrong / model, site / model)
    renew_sums(site, model)
    assert any("give different SHA-256" in problem for problem in recheck(site, quiet).problems)


def test_manifest_of_another_build(site: Path) -> None:
    manifest = json.loads((site / MANIFEST).read_text())
    manifest["models"][0]["variants"][0]["golden"]["tolerance"] = 100
    (site / MANIFEST).write_text(json.dumps(manifest))
    renew_sums(site, MANIFEST)
    assert f"{ENTRY}: it was built for another {MANIFEST}" in recheck(site, quiet).problems


def test_manifest_that_breaks_its_schema(site: Path) -> None:
    (site / MANIFEST).write_text("{}")
    assert any("schema_version: is missing" in problem for problem in recheck(site, quiet).problems)


def test_missing_model_is_listed_as_failed(site: Path) -> None:
    (site / "models/mobilenet_emotion.onnx").unlink()
    result = recheck(site, quiet)
    assert [check.passed for check in result.models] == [False, True, True, True, True]
    assert "models/mobilenet_emotion.onnx: it is missing" in result.problems


def test_model_that_does_not_load(site: Path) -> None:
    (site / "models/mobilenet_emotion.onnx").write_bytes(b"not a model")
    assert any("onnxruntime cannot load it" in problem for problem in recheck(site, quiet).problems)


def test_missing_part_is_listed_as_failed(site: Path) -> None:
    (path,) = weights_of(site, "mobilenet_emotion")
    (site / path).unlink()
    result = recheck(site, quiet)
    assert [check.passed for check in result.models] == [True, False, True, True, True]
    assert f"{path}: it is missing" in result.problems


def test_weights_that_do_not_load(site: Path) -> None:
    (path,) = weights_of(site, "mobilenet_emotion")
    (site / path).write_bytes(b"not weights")
    assert any("no safetensors file" in problem for problem in recheck(site, quiet).problems)


@pytest.mark.parametrize("content", ["{", "[]", '{"mobilenet_emotion.onnx": "00"}'])
def test_wrong_checksums_file(site: Path, content: str) -> None:
    (site / CHECKSUMS).write_text(content)
    renew_sums(site, CHECKSUMS)
    assert any(CHECKSUMS in problem for problem in recheck(site, quiet).problems)


def test_broken_sums_line(site: Path) -> None:
    (site / SUMS).write_text((site / SUMS).read_text() + "nonsense\n")
    assert any(
        "expected a SHA-256, two spaces and a path" in problem for problem in recheck(site, quiet).problems
    )

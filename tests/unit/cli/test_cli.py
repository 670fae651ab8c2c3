"""The command as users and CI run it: exit codes, messages, what is left behind."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.conftest import ROOT, run_build
from tests.tiny_network import write_tiny_catalog
from torch2web.architectures import load_architecture
from torch2web.cli import Defaults
from torch2web.cli.options import create_parser
from torch2web.demo.weights import load_demo_state

OTHER_MODELS = shutil.ignore_patterns("landmark*", "efficientnet*")
"""Of a cache, what a build of the smallest model does not need."""


@pytest.fixture
def old_site(small_site: Path, tmp_path: Path) -> Path:
    """A built site of one's own, to be replaced or not."""
    return Path(shutil.copytree(small_site, tmp_path / "site"))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_option_has_a_help_text() -> None:
    parsers = [create_parser(Defaults.checkout(ROOT))]
    for action in parsers[0]._actions:
        if isinstance(action.choices, dict):
            parsers += action.choices.values()
    options = [action for parser in parsers for action in parser._actions if action.option_strings]
    assert len(options) >= 10
    assert [action.option_strings for action in options if not action.help] == []


def test_every_option_is_documented() -> None:
    readme = (ROOT / "docs/cli.md").read_text()
    parsers = [create_parser(Defaults.checkout(ROOT))]
    for action in parsers[0]._actions:
        if isinstance(action.choices, dict):
            parsers += action.choices.values()
    options = {name for parser in parsers for action in parser._actions for name in action.option_strings}
    assert {name for name in options if name.startswith("--") and name not in readme} == {
        "--help",
        "--no-plain-models",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-such-option"],
        ["publish"],
        ["--checkpoints"],
        ["serve", "--port", "x"],
        ["--out", "elsewhere", "verify"],
        ["serve", "--parity-dir", "elsewhere"],
        ["serve", "--parity", "--host", "github"],
        ["serve", "--host", "127.0.0.1"],
        ["--parity"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    result = run_build(*arguments)
    assert result.returncode == 2
    assert "usage: build.py" in result.stderr


def test_build_prints_a_plain_table(tmp_path: Path, cache: Path) -> None:
    result = run_build("--only", "mobilenet_emotion", "--out", tmp_path / "site", "--cache", cache)
    assert result.returncode == 0
    assert "demo weights" in result.stdout.splitlines()[0]
    heading = next(line for line in result.stdout.splitlines() if line.startswith("model "))
    assert heading.split("  ")[0] == "model"
    for column in ("size", "export", "max diff", "mean diff", "top-1", "seconds"):
        assert column in heading
    row = next(line for line in result.stdout.splitlines() if line.startswith("mobilenet_emotion"))
    assert "8.4" in row
    assert "opset 12" in row
    assert "100.0%" in row
    assert "\x1b" not in result.stdout, "no colours where stdout is no terminal"


def test_unchanged_rebuild_exports_nothing_and_imports_no_torch(
    small_site: Path, tmp_path: Path, cache: Path
) -> None:
    code = (
        "import sys\nfrom torch2web.cli import main\ncode = main(sys.argv[1:])\n"
        "print(code, 'torch' in sys.modules, 'onnx' in sys.modules)\n"
    )
    arguments = ["build", "--only", "mobilenet_emotion", "--variants", "all"]
    arguments += ["--out", str(tmp_path / "site"), "--cache", str(cache)]
    (tmp_path / "site").mkdir()
    (tmp_path / "site/.DS_Store").touch()  # not in the way, and not in the new site
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert result.stdout.splitlines()[-1] == "0 False False"
    assert "kept" in result.stdout
    assert tree(tmp_path / "site") == tree(small_site)


def test_two_builds_are_byte_identical(demo_site: Path, tmp_path: Path) -> None:
    """From nothing, sharing no cache with the first."""
    site, cache = tmp_path / "site", tmp_path / "cache"
    result = run_build("--no-precompressed", "--variants", "all", "--out", site, "--cache", cache)
    assert result.returncode == 0, result.stderr
    assert "kept" not in result.stdout
    first, second = tree(demo_site), tree(site)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of real checkpoints in three shapes, as training scripts leave them."""
    folder = tmp_path_factory.mktemp("checkpoints")
    states = {name: load_demo_state(name) for name in ("mobilenet_v2", "landmark_cnn", "efficientnet_b0")}
    torch.save({"model_state_dict": states["mobilenet_v2"], "epoch": 35}, folder / "mobile_epoch35.pth")
    torch.save(states["landmark_cnn"], folder / "landmark_epoch35.pth")
    parallel = {f"module.{key}": value for key, value in states["efficientnet_b0"].items()}
    torch.save({"state_dict": parallel}, folder / "effnet_epoch35.pth")
    return folder


def test_ones_own_checkpoints(checkpoints: Path, demo_site: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    result = run_build("--checkpoints", checkpoints, "--out", site, "--cache", tmp_path / "cache")
    assert result.returncode == 0, result.stderr
    assert "demo" not in result.stdout
    info = json.loads((site / "models/model_info.json").read_text())
    assert [model["provenance"]["weights"] for model in info["models"]] == ["checkpoint"] * 3
    assert info["models"][0]["provenance"]["checkpoint"]["name"] == "mobile_epoch35.pth"
    page = (site / "index.html").read_text()
    assert "Demo weights" not in page
    assert "mobile_epoch35.pth" in page
    for name in ("mobilenet_emotion", "landmark_cnn_emotion", "efficientnet_emotion"):
        path = f"models/{name}.onnx"
        assert (site / path).read_bytes() == (demo_site / path).read_bytes(), (
            "the same weights, the same file"
        )


def without_one(folder: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "some"
    copy.mkdir()
    for name in ("mobile_epoch35.pth", "effnet_epoch35.pth"):
        (copy / name).symlink_to(folder / name)
    return copy


def test_missing_checkpoint_is_named_and_no_demo_is_built(
    checkpoints: Path, old_site: Path, tmp_path: Path
) -> None:
    before = tree(old_site)
    result = run_build("--checkpoints", without_one(checkpoints, tmp_path), "--out", old_site)
    assert result.returncode == 2
    assert "landmark_epoch35.pth: there is no such file" in result.stderr
    assert tree(old_site) == before


def test_no_such_folder_of_checkpoints(tmp_path: Path) -> None:
    result = run_build("--checkpoints", tmp_path / "typo", "--out", tmp_path / "site")
    assert result.returncode == 2
    assert f"{tmp_path / 'typo'}: there is no such folder" in result.stderr
    assert not (tmp_path / "site").exists()


def bad_checkpoint(tmp_path: Path, content: Callable[[Path], object]) -> Path:
    folder = tmp_path / "bad"
    folder.mkdir()
    content(folder / "mobile_epoch35.pth")
    return folder


def truncated(path: Path) -> None:
    torch.save(load_demo_state("mobilenet_v2"), path)
    path.write_bytes(path.read_bytes()[:1_000_000])


def not_finite(path: Path) -> None:
    state = load_demo_state("mobilenet_v2")
    state["classifier.1.bias"][2] = float("nan")
    torch.save(state, path)


@pytest.mark.parametrize(
    ("content", "message", "code"),
    [
        (lambda path: path.touch(), "it is empty (0 bytes)", 2),
        (
            lambda path: torch.save(torch.nn.Linear(2, 2), path),
            "it is a whole pickled module of the class torch.nn.modules.linear.Linear",
            2,
        ),
        (truncated, "it is truncated or damaged", 2),
        (not_finite, "1 of its tensors contain NaN or infinite values: classifier.1.bias", 2),
        (lambda path: path.write_text("<html>404</html>"), "it is an HTML or XML page", 2),
        (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1"), "Git LFS pointer", 2),
        (
            lambda path: torch.save({"a": torch.ones(2, 2)}, path),
            "does not match the architecture mobilenet_v2",
            2,
        ),
    ],
)
def test_bad_checkpoint_is_named_and_the_old_site_stays(
    old_site: Path, tmp_path: Path, content: Callable[[Path], object], message: str, code: int
) -> None:
    before = tree(old_site)
    folder = bad_checkpoint(tmp_path, content)
    options = ["--only", "mobilenet_emotion", "--out", old_site, "--cache", tmp_path / "cache"]
    result = run_build("--checkpoints", folder, *options)
    assert result.returncode == code
    assert message in result.stderr
    assert str(folder / "mobile_epoch35.pth") in result.stderr
    assert "Traceback" not in result.stderr
    assert tree(old_site) == before
    assert [path.name for path in tmp_path.iterdir() if ".new-" in path.name] == []


def test_dead_weights_are_refused_unless_allowed(old_site: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    fresh = load_architecture("mobilenet_v2").build(4, 224, 224).state_dict()
    folder = bad_checkpoint(tmp_path, lambda path: torch.save(fresh, path))
    before = tree(old_site)
    options = ["--only", "mobilenet_emotion", "--out", old_site, "--cache", tmp_path / "cache"]
    result = run_build("--checkpoints", folder, *options)
    assert result.returncode == 1
    assert "constant output: the standard deviation of its logits" in result.stderr
    assert tree(old_site) == before
    allowed = run_build("--checkpoints", folder, "--allow-dead", *options)
    assert allowed.returncode == 0, allowed.stderr
    assert "(--allow-dead)" in allowed.stdout
    info = json.loads((old_site / "models/model_info.json").read_text())
    assert info["models"][0]["variants"][0]["verification"]["dead"] is True


def test_bad_catalog_is_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text((ROOT / "models.toml").read_text().replace("mobilenet_v2", "resnet50"))
    result = run_build("--catalog", path, "--out", tmp_path / "site")
    assert result.returncode == 2
    assert f"{path}: models[0].architecture: found 'resnet50', expected one of" in result.stderr


def test_unknown_model_is_exit_code_2(tmp_path: Path) -> None:
    result = run_build("--only", "resnet", "--out", tmp_path / "site")
    assert result.returncode == 2
    assert "it has mobilenet_emotion, landmark_cnn_emotion, efficientnet_emotion" in result.stderr


def test_foreign_files_in_a_site_are_never_lost(old_site: Path, cache: Path) -> None:
    (old_site / "CNAME").write_text("example.org")
    before = tree(old_site)
    result = run_build("--only", "mobilenet_emotion", "--out", old_site, "--cache", cache)
    assert result.returncode == 2
    assert "it holds CNAME, which no build put there" in result.stderr
    assert tree(old_site) == before


def test_other_labels_need_other_weights(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(
        (ROOT / "models.toml").read_text().replace('["Bored", "Confused"', '["Confused", "Bored"')
    )
    options = ["--catalog", path, "--only", "mobilenet_emotion", "--out", tmp_path / "site"]
    result = run_build(*options, "--cache", cache)
    assert result.returncode == 2
    assert "the demo weights have the labels Bored, Confused, Focused, Tired, in this order" in result.stderr


@pytest.mark.parametrize("make", ["folder", "file", "link"])
def test_what_is_no_site_is_never_replaced(tmp_path: Path, cache: Path, make: str) -> None:
    out = tmp_path / "precious"
    kept = tmp_path / "elsewhere"
    kept.mkdir()
    (kept / "thesis.txt").write_text("all my work")
    if make == "folder":
        shutil.copytree(kept, out)
    elif make == "file":
        out.write_text("all my work")
    else:
        out.symlink_to(kept)
    result = run_build("--only", "mobilenet_emotion", "--out", out, "--cache", cache)
    assert result.returncode == 2
    assert str(out) in result.stderr
    assert (kept / "thesis.txt").read_text() == "all my work"
    assert out.is_symlink() == (make == "link")
    if make == "folder":
        assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_full_disk_leaves_the_old_site(old_site: Path, tmp_path: Path, cache: Path) -> None:
    """A limit on file sizes stands in for a full disk: the write of a large file fails half way."""
    before = tree(old_site)
    limit = 4_000_000
    command = [sys.executable, "build.py", "--only", "mobilenet_emotion"]
    result = subprocess.run(
        [*command, "--out", str(old_site), "--cache", str(cache)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "error:" in result.stderr
    assert tree(old_site) == before
    assert sorted(path.name for path in old_site.parent.iterdir()) == ["site"]


@pytest.mark.parametrize("stage", ["running PyTorch", "Writing the site"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_build_leaves_the_old_site(
    old_site: Path, tmp_path: Path, cache: Path, number: signal.Signals, stage: str
) -> None:
    before = tree(old_site)
    own = tmp_path / "cache"
    if stage == "Writing the site":  # which a cached conversion comes to sooner
        shutil.copytree(cache, own, ignore=OTHER_MODELS)
    command = [sys.executable, "-u", "build.py", "--only", "mobilenet_emotion"]
    process = subprocess.Popen(
        [*command, "--out", str(old_site), "--cache", str(own)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    while stage not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (-9 if number == signal.SIGKILL else 130)
    if number != signal.SIGKILL:
        assert "interrupted" in errors
        assert "Traceback" not in errors
        assert [path for path in (own / "models").iterdir() if path.name.startswith(".")] == []
    assert tree(old_site) == before
    # The next build works all the same.
    assert run_build("--only", "mobilenet_emotion", "--out", old_site, "--cache", own).returncode == 0


def test_damaged_cache_is_not_used(tmp_path: Path) -> None:
    own, site = tmp_path / "cache", tmp_path / "site"
    options = (*write_tiny_catalog(tmp_path), "--no-precompressed", "--out", site, "--cache", own)
    assert "kept" not in run_build(*options).stdout
    before = tree(site)
    (model,) = (own / "models").glob("tiny-*/model.onnx")
    damaged = bytearray(model.read_bytes())
    damaged[5000] ^= 1
    model.unlink()  # the site has the same file
    model.write_bytes(damaged)
    result = run_build(*options)
    assert result.returncode == 0, result.stderr
    assert "kept" not in result.stdout
    assert tree(site) == before
    assert "kept" in run_build(*options).stdout


def edit_in_place(path: Path) -> None:
    """As an editor or a script does that opens a file for writing, rather than replacing it."""
    with path.open("r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("pattern", ["models/*.onnx", "models/parts/*.bin", "torch2web-*.js.gz"])
def test_editing_the_site_does_not_spoil_the_next_build(
    tmp_path: Path, cache: Path, small_site: Path, pattern: str
) -> None:
    """A file of the site is the very file that the cache keeps."""
    own, site = tmp_path / "cache", tmp_path / "site"
    shutil.copytree(cache, own, ignore=OTHER_MODELS)
    options = ("--only", "mobilenet_emotion", "--variants", "all", "--out", site, "--cache", own)
    assert "kept" in run_build(*options).stdout
    edited = min(site.glob(pattern))
    assert edited.stat().st_nlink > 1, "it is no link: this tests nothing"
    edit_in_place(edited)
    again = run_build(*options)
    assert again.returncode == 0, again.stderr
    assert ("kept" in again.stdout) == (edited.suffix == ".gz"), "the model is converted anew"
    assert tree(site) == tree(small_site)
    assert "kept" in run_build(*options).stdout
    assert tree(site) == tree(small_site)


def test_relative_paths_are_relative_to_where_one_stands(tmp_path: Path, cache: Path) -> None:
    shutil.copytree(cache, tmp_path / "kept", ignore=OTHER_MODELS)
    command = [sys.executable, str(ROOT / "build.py"), "--only", "mobilenet_emotion"]
    for out in ("public/site", "."):
        folder = tmp_path / f"in-{len(out)}"
        folder.mkdir()
        (folder / "kept").symlink_to(tmp_path / "kept") if out != "." else None
        options = ["--out", out, "--cache", "kept" if out != "." else "../kept"]
        result = subprocess.run([*command, *options], capture_output=True, text=True, cwd=folder, check=False)
        assert result.returncode == 0, result.stderr
        assert (folder / out / "index.html").is_file()


def test_verify_passes_a_site_as_built(demo_site: Path) -> None:
    result = run_build("verify", demo_site)
    assert result.returncode == 0, result.stderr
    assert "files are as they were built" in result.stdout
    for name in ("mobilenet_emotion", "landmark_cnn_emotion", "efficientnet_emotion"):
        row = next(line for line in result.stdout.splitlines() if line.startswith(name))
        assert row.endswith("ok")


def test_verify_names_everything_that_is_off(old_site: Path) -> None:
    model = old_site / "models/mobilenet_emotion.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    (old_site / "page.css").unlink()
    (old_site / "extra.js").touch()
    result = run_build("verify", old_site)
    assert result.returncode == 1
    for problem in (
        "models/mobilenet_emotion.onnx: found SHA-256",
        "page.css: it is missing",
        "extra.js: it is not in SHA256SUMS",
    ):
        assert problem in result.stderr


def test_verify_without_a_site(tmp_path: Path) -> None:
    assert run_build("verify", tmp_path / "none").returncode == 2
    (tmp_path / "empty").mkdir()
    result = run_build("verify", tmp_path / "empty")
    assert result.returncode == 2
    assert "not a built site" in result.stderr


def test_serve_prints_its_address_and_serves(small_site: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "build.py", "serve", str(small_site), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    address = process.stdout.readline().split()[0]
    with urllib.request.urlopen(f"{address}models/model_info.json", timeout=10) as response:
        assert response.read() == (small_site / "models/model_info.json").read_bytes()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=10)
    assert rest == "stopped\n"
    assert process.returncode == 0


def test_serve_parity_prints_an_address_for_others_and_no_code_without_a_terminal(
    small_site: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "build.py", "serve", "--parity", "--address", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--parity-dir", str(tmp_path), str(small_site)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/verify\.html\?post=[\w-]{22}", address)
    with urllib.request.urlopen(address.partition("verify")[0] + "report.html", timeout=10) as response:
        assert b"No device has checked this build yet" in response.read()
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()  # communicate() would lose what readline() has buffered
    process.stdout.close()
    assert process.wait(timeout=10) == 0
    assert f"report.html shows the results of devices, from {tmp_path}" in rest
    assert not set(rest) & set("█▀▄\x1b")


def test_serve_parity_without_the_page(old_site: Path) -> None:
    (old_site / "verify.html").unlink()
    result = run_build("serve", "--parity", "--port", "0", old_site)
    assert result.returncode == 2
    assert "it has no verify.html: it was built with --no-verify-page" in result.stderr


def test_serving_and_reporting_start_quickly() -> None:
    """Neither brings in what takes seconds."""
    script = "import sys, torch2web.cli.serving, torch2web.serve.parity.report; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert not {"torch", "onnxruntime"} & set(result.stdout.split())


def test_serve_without_a_site(tmp_path: Path) -> None:
    result = run_build("serve", tmp_path)
    assert result.returncode == 2
    assert "there is no built site" in result.stderr

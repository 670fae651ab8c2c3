"""The commands that read a built site."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.browser.sites import style_of
from tests.conftest import ROOT, run_build
from tests.patience import PATIENCE


def test_verify_passes_a_site_as_built(demo_site: Path) -> None:
    result = run_build("verify", demo_site)
    assert result.returncode == 0, result.stderr
    assert "files are as they were built" in result.stdout
    for name in ("mobilenet_emotion", "landmark_cnn_emotion", "efficientnet_emotion"):
        row = next(line for line in result.stdout.splitlines() if line.startswith(name))
        assert row.endswith("ok")


def test_verify_names_every_fault(old_site: Path) -> None:
    model = old_site / "models/mobilenet_emotion.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    style = style_of(old_site)
    (old_site / style).unlink()
    (old_site / "extra.js").touch()
    result = run_build("verify", old_site)
    assert result.returncode == 1
    for problem in (
        "models/mobilenet_emotion.onnx: found SHA-256",
        f"{style}: it is missing",
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
    with urllib.request.urlopen(f"{address}models/model_info.json", timeout=PATIENCE) as response:
        assert response.read() == (small_site / "models/model_info.json").read_bytes()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=PATIENCE)
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
    with urllib.request.urlopen(address.partition("verify")[0] + "report.html", timeout=PATIENCE) as response:
        assert b"No device has checked this build yet" in response.read()
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()  # communicate() would lose the lines that readline() has buffered
    process.stdout.close()
    assert process.wait(timeout=PATIENCE) == 0
    assert f"report.html shows the results of devices, from {tmp_path}" in rest
    assert not set(rest) & set("█▀▄\x1b")


def test_serve_parity_without_the_page(old_site: Path) -> None:
    (old_site / "verify.html").unlink()
    result = run_build("serve", "--parity", "--port", "0", old_site)
    assert result.returncode == 2
    assert "it has no verify.html: it was built with --no-verify-page" in result.stderr


def test_serving_and_reporting_start_quickly() -> None:
    """Neither imports torch or onnxruntime, which takes seconds."""
    script = "import sys, torch2web.cli.serving, torch2web.serve.parity.report; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert not {"torch", "onnxruntime"} & set(result.stdout.split())


def test_serve_without_a_site(tmp_path: Path) -> None:
    result = run_build("serve", tmp_path)
    assert result.returncode == 2
    assert "there is no built site" in result.stderr

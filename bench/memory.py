"""Peak memory of Chromium's renderer while a variant is loaded and predicts once, as counted by Linux."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from bench.site import ROOT, built_site, chromium
from bench.vision_transformer import CLASSES, SIZE, VisionTransformer
from tests.browser.find import launch_arguments
from tests.browser.server import Host, hosting
from tests.long.engines import started
from torch2web.cli.terminal.console import Output
from torch2web.site.manifest.check import read_manifest

WANTED = {"landmark_cnn_emotion int8": "460", "landmark_cnn_emotion fp32": "800", "vit_b_16 int8": "450"}
"""MiB, where a figure was set."""

SECONDS = 600
"""For one variant; the largest takes a few on a machine that does nothing else."""

LARGE_SITE = "TORCH2WEB_BENCH_VIT_SITE"
"""Environment variable with the site of an earlier run's large network, whose build takes minutes."""

CATALOG = f"""
[[models]]
name = "vit_b_16"
factory = "bench.vision_transformer:VisionTransformer"
checkpoint = "vit_b_16.pth"
labels = {[str(number) for number in range(CLASSES)]}
[models.preprocessing]
resize = [{SIZE}, {SIZE}]
filter = "bilinear"
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
"""

PAGE = """<!doctype html>
<meta charset="utf-8">
<script type="module">
const torch2web = await import("/torch2web.js");
const post = (body) => fetch("/outcome", { method: "POST", body: JSON.stringify(body) });
await post({});
const [name, variant] = location.hash.slice(1).split("/");
try {
    const model = await torch2web.loadModel(name, { variant });
    await model.predict(new ImageData(640, 480));
    await post({});
} catch (error) {
    await post({ error: String(error) });
}
</script>
"""


def measure_memory(output: Output) -> None:
    """Each variant in a separate browser without a driver, since a driven browser retains downloads."""
    with built_site(options=("--variants", "int8")) as site:
        rows = _of_site(site)
    with _site_of_large() as site:
        rows += _of_site(site)
    output.table(("renderer, MiB", "page alone", "peak", "wanted"), rows)


@contextmanager
def _site_of_large() -> Iterator[Path]:
    """A site with `CATALOG` and seeded weights."""
    if LARGE_SITE in os.environ:
        yield Path(os.environ[LARGE_SITE])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.manual_seed(0)
        torch.save(VisionTransformer().state_dict(), folder / "vit_b_16.pth")
        (folder / "models.toml").write_text(CATALOG)
        command = [sys.executable, "build.py", "build", "--catalog", str(folder / "models.toml")]
        command += ["--checkpoints", name, "--cache", str(folder / "cache"), "--out", str(folder / "site")]
        command += [
            "--no-verify-page",
            "--no-precompressed",
            "--no-docs",
            "--no-full-onnx",
            "--effort",
            "fast",
        ]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        yield folder / "site"


def _of_site(site: Path) -> list[tuple[str, ...]]:
    """A row for each variant of each model."""
    rows: list[tuple[str, ...]] = []
    with hosting(site) as host, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(PAGE)
        host.extras["memory.html"] = Path(folder) / "page.html"
        manifest = read_manifest((site / "models/model_info.json").read_bytes())
        for model in manifest["models"]:
            for variant in model["variants"]:
                name = f"{model['name']}/{variant['name']}"
                base, peak = _measure(host, name, Path(folder))
                wanted = WANTED.get(name.replace("/", " "), "")
                rows.append((name, f"{base:.0f}", f"{peak:.0f}", wanted))
    return rows


def _measure(host: Host, name: str, folder: Path) -> tuple[float, float]:
    """Peaks in MiB of the page alone, and after loading and one prediction."""
    with tempfile.TemporaryDirectory(dir=folder) as profile:
        command = [str(chromium()), "--headless", f"--user-data-dir={profile}", *launch_arguments()]
        with started([*command, f"{host.url}memory.html#{name}"], folder / "log") as session:
            peaks = []
            for _ in range(2):
                outcome = host.wait_for_outcome(SECONDS)
                if outcome != {}:
                    raise SystemExit(f"{name}: {outcome}")
                peaks.append(_peak(session))
    return peaks[0], peaks[1]


def _peak(session: int) -> float:
    """Peak resident memory in MiB of the largest renderer of a session (`VmHWM` of proc(5))."""
    peaks = [0]
    for process in Path("/proc").iterdir():
        try:
            if not process.name.isdigit() or os.getsid(int(process.name)) != session:
                continue
            if b"--type=renderer" in (process / "cmdline").read_bytes():
                found = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
                peaks.append(int(found[1]) if found else 0)
        except OSError:  # no process, or one that has just ended
            continue
    return max(peaks) / 1024

"""Peak memory of Chromium's renderer while a variant is loaded and predicts once, as counted by Linux."""

import os
import re
import tempfile
from pathlib import Path

from bench.site import built_site, chromium
from tests.browser.find import launch_arguments
from tests.browser.server import Host, hosting
from tests.long.engines import started
from torch2web.cli.terminal.console import Output
from torch2web.site.manifest.check import read_manifest

WANTED = {"landmark_cnn_emotion int8": "460", "landmark_cnn_emotion fp32": "800"}
"""MiB, where a figure was set."""

SECONDS = 120

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
    rows = []
    with built_site() as site, hosting(site) as host, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(PAGE)
        host.extras["memory.html"] = Path(folder) / "page.html"
        manifest = read_manifest((site / "models/model_info.json").read_bytes())
        for model in manifest["models"]:
            for variant in model["variants"]:
                name = f"{model['name']}/{variant['name']}"
                base, peak = _measure(host, name, Path(folder))
                wanted = WANTED.get(name.replace("/", " "), "")
                rows.append((name, f"{base:.0f}", f"{peak:.0f}", wanted))
    output.table(("renderer, MiB", "page alone", "peak", "wanted"), rows)


def _measure(host: Host, name: str, folder: Path) -> tuple[float, float]:
    """Peaks before and after."""
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

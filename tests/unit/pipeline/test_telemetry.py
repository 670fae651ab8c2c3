"""A build sends no telemetry, and leaves no files but the cache behind."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

BUILD = """
import sys
import torch2web.sources.load as load
from tests.tiny_network import plannable
from torch2web.cli import main
load.load_model = plannable
build = ["build", "--demo", "--only", "mobilenet_emotion", "--no-verify-page", "--no-precompressed", "--out"]
for arguments in (build, ["verify"]):
    assert main([*arguments, sys.argv[1]]) == 0
assert "onnxruntime" in sys.modules
"""

HOMES = (
    "HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "LOCALAPPDATA",
    "TMPDIR",
)


def leaves(tmp_path: Path, code: str, *arguments: str) -> list[str]:
    """Files that `code` leaves in an empty home folder."""
    home = tmp_path / "home"
    places = {name: home / name.lower() for name in HOMES}
    for place in places.values():
        place.mkdir(parents=True)
    environment = {name: str(place) for name, place in places.items()}
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'converter'}", "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if not path.is_dir())


def test_build_leaves_only_the_cache(tmp_path: Path) -> None:
    files = leaves(tmp_path, BUILD, str(tmp_path / "site"))
    assert {path.split("/")[1] for path in files} == {"torch2web"}, files
    assert {path.split("/")[0] for path in files} == {"xdg_cache_home"}

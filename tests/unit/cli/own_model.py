"""Runs the commands in a folder with weights of one's own, and reads the catalogue that they write."""

import tomllib
from pathlib import Path
from typing import Any

from torch2web.cli import Defaults, main

PIXELS = ["--resize", "32x32", "--mean", "0.5,0.5,0.5", "--std", "0.5,0.5,0.5"]
COMPLETE = ["--factory", "own_nets:build", "--labels", "a,b,c,d", *PIXELS]


def run(*arguments: str) -> int:
    return main(arguments, Defaults.installed())


def written(folder: Path) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = tomllib.loads((folder / "models.toml").read_text())["models"]
    return models

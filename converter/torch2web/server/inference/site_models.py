"""The models of a built site that a server can run, and which of them answers by default."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.errors import OptionError, OutputError, SiteError
from torch2web.images import Preprocessing
from torch2web.site.manifest import MANIFEST, read_site_manifest
from torch2web.store import sha256_of
from torch2web.tasks import Task


@dataclass(frozen=True)
class ServedModel:
    """A model whose whole ONNX file a site has."""

    name: str
    title: str
    version: str
    labels: tuple[str, ...]
    task: Task
    preprocessing: Preprocessing
    path: Path
    sha256: str
    """Of the ONNX file, in hex."""
    golden: Mapping[str, Any]
    """Seed, outputs and tolerance of the golden input."""
    recommended: Mapping[str, str]
    """`target` and `role`."""
    outputs: int
    """Numbers that the network gives for one image."""

    def facts(self) -> dict[str, Any]:
        """What `/api/models` says of it."""
        height, width = self.preprocessing.size
        return {
            "name": self.name,
            "title": self.title,
            "version": self.version,
            "sha256": self.sha256,
            "task": self.task.as_dict(),
            "labels": list(self.labels),
            "input": {"channels": self.preprocessing.channels, "height": height, "width": width},
            "outputs": self.outputs,
            "recommended": dict(self.recommended),
        }


@dataclass(frozen=True)
class ServedSite:
    folder: Path
    manifest_sha256: str
    models: Mapping[str, ServedModel]
    default: str
    """Name of the model that answers `/api/predict`."""
    route: str
    """Second name of that address, `/api/{route}/predict`, which the site chose; empty: none."""


def read_site(folder: Path, default: str = "") -> ServedSite:
    """The models of the site in `folder`; `default` names the one that answers by default.

    Raises OutputError where there is no site or none of its models can be served, ManifestError, OptionError.
    """
    try:
        digest = sha256_of(folder / MANIFEST)
        manifest = read_site_manifest(folder)
    except FileNotFoundError as error:
        raise OutputError(folder, "there is no built site; build it first") from error
    models = {entry["name"]: _served(folder, entry) for entry in manifest["models"] if "plain" in entry}
    if not models:
        problem = "it has no whole ONNX files, which a server runs; build it without --no-full-onnx"
        raise OutputError(folder, problem)
    if default and default not in models:
        raise OptionError("--default-model", f"found {default!r}, expected one of {', '.join(models)}")
    route = manifest.get("api", "")
    return ServedSite(folder, digest, models, default or _recommended(models), route)


def check_files(site: ServedSite) -> None:
    """Raise SiteError where ONNX files are not those of the build, with every problem."""
    problems = []
    for model in site.models.values():
        name = model.path.relative_to(site.folder).as_posix()
        if not model.path.is_file():
            problems.append(f"{name}: it is missing")
        elif (found := sha256_of(model.path)) != model.sha256:
            problems.append(f"{name}: found SHA-256 {found}, expected {model.sha256}")
    if problems:
        raise SiteError(site.folder, problems)


def _served(folder: Path, entry: Mapping[str, Any]) -> ServedModel:
    preprocessing = Preprocessing.from_dict(entry["preprocessing"])
    if entry["preprocessing"]["vertical_first"] != preprocessing.as_dict()["vertical_first"]:
        problem = f"{entry['name']} was built with a Pillow that resizes in another order than this one"
        raise OutputError(folder, f"{problem}; install the Pillow that torch2web names")
    labels = tuple(entry["labels"])
    return ServedModel(
        name=entry["name"],
        title=entry["title"],
        version=entry["version"],
        labels=labels,
        task=Task.from_value(entry.get("task", "softmax")).for_labels(len(labels)),
        preprocessing=preprocessing,
        path=folder / entry["plain"]["path"],
        sha256=entry["plain"]["sha256"],
        golden=entry["golden"],
        recommended=entry.get("recommended", {}),
        outputs=entry["output"]["shape"][1],
    )


def _recommended(models: Mapping[str, ServedModel]) -> str:
    """The model for servers; of several, or without one, the primary one; the first of equals."""

    def rank(model: ServedModel) -> tuple[bool, bool]:
        return model.recommended.get("target") != "server", model.recommended.get("role") != "primary"

    return min(models.values(), key=rank).name

"""Writes the files for a container of the server, with the versions that are installed here."""

from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from torch2web.errors import OutputError, ServerError
from torch2web.server.run import require_server_packages
from torch2web.text_files import read_text

_FILES = Path(__file__).parent / "docker_files"

_NAMES = {"Dockerfile": "Dockerfile", "compose.yaml": "compose.yaml", "dockerignore": ".dockerignore"}
"""File names here, and in the folder that is written."""

NEEDED = (
    "brotli",
    "jinja2",
    "jsonschema",
    "numpy",
    "onnxruntime",
    "pillow",
    "platformdirs",
    "prometheus-client",
    "python-multipart",
    "rich",
    "starlette",
    "tomlkit",
    "uvicorn",
)
"""Distributions that the server imports; what they need in turn is found."""


def write_docker_files(folder: Path) -> tuple[Path, ...]:
    """Write Dockerfile, compose.yaml and requirements.txt into `folder`; return their paths.

    Raises OutputError where one of them is there with another content, and MissingExtraError.
    """
    require_server_packages()
    contents = {target: read_text(_FILES / name) for name, target in _NAMES.items()}
    contents["requirements.txt"] = requirements_text()
    for name, content in contents.items():
        path = folder / name
        if path.exists() and path.read_text(encoding="utf-8", errors="replace") != content:
            raise OutputError(
                path, "it is there already, with another content; remove it, or name another folder"
            )
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    return tuple(folder / name for name in contents)


def requirements_text() -> str:
    """Exact versions of all that the server imports, as installed here."""
    found: dict[str, str] = {}
    waiting = list(NEEDED)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError as error:
            raise ServerError(f"{name} is not installed; install torch2web again") from error
        waiting += _required_by(name)
    lines = [f"{name}=={found[name]}" for name in sorted(found)]
    return "# What `torch2web serve --api` imports.\n" + "\n".join(lines) + "\n"


def _required_by(name: str) -> list[str]:
    """Names of the distributions that `name` needs on this machine, without its extras."""
    from packaging.requirements import Requirement

    found = [Requirement(text) for text in requires(name) or ()]
    return [
        requirement.name.lower().replace("_", "-")
        for requirement in found
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    ]

"""The pages, rendered from templates/."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parents[4] / "templates"


def render(template: str, **context: Any) -> bytes:
    """Render `templates/<template>`; every variable that it names must be given."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["mib"] = _mib
    return environment.get_template(template).render(**context).encode()


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB" if size < 100 * 2**20 else f"{size / 2**20:.0f} MiB"

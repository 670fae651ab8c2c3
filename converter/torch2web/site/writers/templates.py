"""Pages and configuration files, rendered from the Jinja templates among the assets."""

from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from torch2web.assets import Assets
from torch2web.site.writers.snippet import same_answers, shown_difference
from torch2web.text_files import decode_text

FOLDER = "templates/"


def render(assets: Assets, template: str, **context: Any) -> bytes:
    """Render `templates/<template>`; every variable that it names must be given."""
    environment = Environment(
        loader=FunctionLoader(lambda name: decode_text(assets.read(FOLDER + name), name)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"mib": _mib, "shown_difference": shown_difference, "same_answers": same_answers}
    return environment.get_template(template).render(**context).encode()


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB" if size < 100 * 2**20 else f"{size / 2**20:.0f} MiB"

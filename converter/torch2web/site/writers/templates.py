"""Pages and configuration files, rendered from the Jinja templates among the assets."""

import traceback
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateSyntaxError

from torch2web.assets import TEMPLATES, Assets
from torch2web.errors import TemplateFileError, TextEncodingError, Torch2WebError
from torch2web.site.writers.snippet import same_answers, short_same_answers, shown_difference
from torch2web.site.writers.texts import Texts
from torch2web.store import FileRecord, integrity
from torch2web.text_files import decode_text


class Templates:
    """The templates of `assets`, each compiled once."""

    def __init__(self, assets: Assets) -> None:
        self._replaced = set(assets.replaced.values())
        self._environment = Environment(
            loader=FunctionLoader(lambda name: _source(assets, name)),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= {
            "integrity": _integrity,
            "inline_integrity": _inline_integrity,
            "megabytes": megabytes,
            "shown_difference": shown_difference,
            "same_answers": same_answers,
            "short_same_answers": short_same_answers,
        }
        self._environment.globals["t"] = Texts()  # of pages that are English

    def render(self, template: str, **context: Any) -> bytes:
        """Render `templates/<template>`; every variable that it names must be given.

        Raises TemplateFileError for a broken template of the user's.
        """
        try:
            return self._environment.get_template(template).render(**context).encode()
        except Torch2WebError:
            raise
        except Exception as error:  # a template may raise anything
            if place := _place(error, self._replaced):
                raise TemplateFileError(place[0], f"{type(error).__name__}: {error}", place[1]) from error
            raise


def render(assets: Assets, template: str, **context: Any) -> bytes:
    """Render a single template of `assets`, as Templates.render does."""
    return Templates(assets).render(template, **context)


def _integrity(file: FileRecord) -> str:
    return integrity(file.sha256)


def _inline_integrity(script: str) -> str:
    return integrity(sha256(script.encode()).hexdigest())


def _source(assets: Assets, name: str) -> tuple[str, str | None, Callable[[], bool]] | None:
    """Text of a template, and its file where that is the user's."""
    path = assets.replaced.get(TEMPLATES + name)
    if TEMPLATES + name not in assets.below(TEMPLATES):
        return None  # Jinja names it
    try:
        text = decode_text(assets.read(TEMPLATES + name), name)
    except TextEncodingError as error:
        if path:
            raise TemplateFileError(path, error.problem) from error
        raise
    return text, str(path) if path else None, lambda: True


def _place(error: Exception, own: set[Path]) -> tuple[Path, int] | None:
    """File and line of `error` in one of the user's templates, the innermost."""
    places = [
        (Path(frame.filename), frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)
    ]
    if isinstance(error, TemplateSyntaxError) and error.filename:
        places.append((Path(error.filename), error.lineno))
    return next((place for place in reversed(places) if place[0] in own), None)


def megabytes(size: int) -> str:
    """`size` in bytes as MB, of a million bytes: the one unit of the pages."""
    if 0 < size < 100_000:
        return f"{max(size, 100) / 1e6:.1g} MB"  # of small models, for which 0.0 would be no figure
    return f"{size / 1e6:.1f} MB" if size < 100e6 else f"{size / 1e6:.0f} MB"

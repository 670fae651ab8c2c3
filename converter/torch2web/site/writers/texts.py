"""The page's own words, in the language of `[site]` where there is a table for it.

A table, `templates/texts/<language>.json`, has translations by English text: `page` for the templates, which
call `t("…")`, and `scripts` for the page's scripts, which do the same. English needs none.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from torch2web.assets import TEMPLATES, Assets
from torch2web.errors import TemplateFileError

FOLDER = f"{TEMPLATES}texts/"
ENGLISH = "en"


@dataclass(frozen=True)
class Texts:
    """Texts of one language, English where one is missing."""

    language: str = ENGLISH
    """BCP 47, for the attribute `lang`."""
    page: Mapping[str, str] = field(default_factory=dict)
    scripts: Markup = Markup()  # noqa: RUF009 (immutable)
    """JSON for the page's scripts; empty for English."""

    @classmethod
    def of(cls, assets: Assets, language: str) -> "Texts":
        """The texts for a BCP 47 language such as `de-CH`; English where there is no table for it.

        Raises TemplateFileError for a table of the user's that is none.
        """
        path = f"{FOLDER}{language.lower().partition('-')[0]}.json"
        if path not in assets.below(FOLDER):
            return cls()
        try:
            table = json.loads(assets.read(path))
            page, scripts = _checked(table["page"]), _checked(table["scripts"])
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            if own := assets.replaced.get(path):
                raise TemplateFileError(own, f"it is no table of texts: {error}") from error
            raise
        # No text ends the element that it stands in.
        compact = json.dumps(scripts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        return cls(language, page, Markup(compact))  # noqa: S704 (escaped above)

    def __call__(self, english: str, *values: object) -> Markup:
        """A text as HTML, `{0}` and so on replaced by the values."""
        text = escape(self.page.get(english, english))
        return Markup(_filled(text, [escape(value) for value in values]))  # noqa: S704 (all escaped)

    def plain(self, english: str, *values: object) -> str:
        """The same without markup."""
        return _filled(self.page.get(english, english), [str(value) for value in values])


def _filled(text: str, values: Sequence[str]) -> str:
    """A number without a value, in a table of the user's, stays."""
    given = {str(at): value for at, value in enumerate(values)}
    return re.sub(r"\{(\d)}", lambda match: given.get(match[1], match[0]), text)


def _checked(section: dict[str, str]) -> dict[str, str]:
    if not all(isinstance(text, str) for text in section.values()):
        raise TypeError("a text is no string")
    return section

"""Options of the command line: their names, defaults and help texts."""

from torch2web.cli.options.api import settings_of
from torch2web.cli.options.defaults import Defaults
from torch2web.cli.options.model import MODEL_OPTIONS
from torch2web.cli.options.parser import parse_options
from torch2web.cli.options.paths import absolute
from torch2web.cli.options.preprocessing import preprocessing_entry, shown
from torch2web.cli.options.versions import COMMANDS as VERSION_COMMANDS

__all__ = [
    "MODEL_OPTIONS",
    "VERSION_COMMANDS",
    "Defaults",
    "absolute",
    "parse_options",
    "preprocessing_entry",
    "settings_of",
    "shown",
]

"""The catalogue: models, how each is built and verified, and the reference images."""

from torch2web.catalog.exact import EXACT
from torch2web.catalog.levels import levels_problem
from torch2web.catalog.load import ModelSpec, load_catalog, parse_entry, require_valid_keys, spec_from
from torch2web.catalog.materials import Materials, ReferenceImage, Sample
from torch2web.catalog.site_settings import Samples, SiteSettings, load_site_settings
from torch2web.catalog.source import Source
from torch2web.catalog.tolerance import Tolerance
from torch2web.catalog.write import entry_text, write_entry
from torch2web.tasks import Gate

__all__ = [
    "EXACT",
    "Gate",
    "Materials",
    "ModelSpec",
    "ReferenceImage",
    "Sample",
    "Samples",
    "SiteSettings",
    "Source",
    "Tolerance",
    "entry_text",
    "levels_problem",
    "load_catalog",
    "load_site_settings",
    "parse_entry",
    "require_valid_keys",
    "spec_from",
    "write_entry",
]

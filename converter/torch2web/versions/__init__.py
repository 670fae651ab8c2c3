"""A store of built sites, side by side: published, rolled back, compared and pruned."""

from torch2web.versions.compare import Comparison, ModelChange, compare_builds
from torch2web.versions.index import Canary
from torch2web.versions.open_store import Store, open_store
from torch2web.versions.record import Build, Published
from torch2web.versions.store import VersionStore
from torch2web.versions.url_store import UrlStore

__all__ = [
    "Build",
    "Canary",
    "Comparison",
    "ModelChange",
    "Published",
    "Store",
    "UrlStore",
    "VersionStore",
    "compare_builds",
    "open_store",
]

"""A store of built sites, side by side: published, rolled back, compared and pruned."""

from torch2web.versions.compare import Comparison, ModelChange, compare_builds
from torch2web.versions.index import Canary
from torch2web.versions.record import Build
from torch2web.versions.store import Published, VersionStore

__all__ = ["Build", "Canary", "Comparison", "ModelChange", "Published", "VersionStore", "compare_builds"]

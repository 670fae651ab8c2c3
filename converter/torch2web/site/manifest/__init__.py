"""The manifest: records of a site's contents, their JSON, and its validation."""

from torch2web.site.manifest.backend_records import Engine, Runtime, RuntimeFiles
from torch2web.site.manifest.backends import Backends
from torch2web.site.manifest.check import SCHEMA, read_manifest
from torch2web.site.manifest.delivery import ALL_VARIANTS, Delivery
from torch2web.site.manifest.layout import CHECKSUMS, ENTRY, MANIFEST, OFFLINE, SUMS, read_sums
from torch2web.site.manifest.records import (
    ModelRecord,
    SecondGraphFiles,
    VariantRecord,
    Weights,
    checksums_json,
    site_manifest,
)
from torch2web.site.manifest.split import (
    INDEX_SCHEMA,
    MAX_INLINE,
    WrittenManifest,
    join_site_manifest,
    read_site_manifest,
    write_site_manifest,
)

__all__ = [
    "ALL_VARIANTS",
    "CHECKSUMS",
    "ENTRY",
    "INDEX_SCHEMA",
    "MANIFEST",
    "MAX_INLINE",
    "OFFLINE",
    "SCHEMA",
    "SUMS",
    "Backends",
    "Delivery",
    "Engine",
    "ModelRecord",
    "Runtime",
    "RuntimeFiles",
    "SecondGraphFiles",
    "VariantRecord",
    "Weights",
    "WrittenManifest",
    "checksums_json",
    "join_site_manifest",
    "read_manifest",
    "read_site_manifest",
    "read_sums",
    "site_manifest",
    "write_site_manifest",
]

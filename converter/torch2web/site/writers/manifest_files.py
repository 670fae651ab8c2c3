"""The files that describe a site's models: manifest, its schema, checksums and signature."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch2web.schemas import FOLDER as SCHEMAS
from torch2web.site.manifest import (
    CHECKSUMS,
    INDEX_SCHEMA,
    SCHEMA,
    ModelRecord,
    checksums_json,
    site_manifest,
    write_site_manifest,
)
from torch2web.site.signing import SigningKey, sign_manifest
from torch2web.site.writers.backends import BackendFiles
from torch2web.store import FileRecord, read_blocks, write_bytes_hashed, write_hashed


@dataclass(frozen=True)
class ManifestFiles:
    manifest: FileRecord
    entries: tuple[FileRecord, ...]
    """Of a large catalogue, whose manifest is split."""
    lookups: Mapping[str, tuple[FileRecord, ...]]
    """Those of `entries` that loading a model needs, by its name."""
    schemas: tuple[FileRecord, ...]
    checksums: FileRecord
    signatures: tuple[FileRecord, ...]
    """One, or none for a site that is not signed."""
    sums: Mapping[str, str]
    """SHA-256 by path below `models/`, as the checksums file has them."""

    @property
    def files(self) -> tuple[FileRecord, ...]:
        return self.manifest, *self.entries, *self.schemas, self.checksums, *self.signatures


def write_manifest(
    root: Path,
    generator: str,
    backends: BackendFiles,
    models: Sequence[ModelRecord],
    signing_key: SigningKey | None,
    api: str = "",
) -> ManifestFiles:
    """Write model_info.json and the files beside it. `generator` names the version of this package."""
    content = site_manifest(generator, backends.runtime, backends.engine, models, api)
    written = write_site_manifest(root, content)
    names = (SCHEMA, INDEX_SCHEMA) if written.entries else (SCHEMA,)
    schemas = tuple(write_hashed(root, f"models/{name}", read_blocks(SCHEMAS / name)) for name in names)
    # Models may share parts.
    model_files = {file.path: file for model in models for file in model.files}
    sums = checksums_json([*model_files.values(), written.manifest, *written.entries, *schemas])
    checksums = write_bytes_hashed(root, CHECKSUMS, sums)
    # Not among the checksums, which the page shows: each signature is different.
    signatures = (sign_manifest(root, signing_key),) if signing_key else ()
    return ManifestFiles(
        written.manifest, written.entries, written.lookups, schemas, checksums, signatures, json.loads(sums)
    )

"""The files that describe a site's models: manifest, its schema, checksums and signature."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch2web.schemas import FOLDER as SCHEMAS
from torch2web.site.manifest import (
    CHECKSUMS,
    MANIFEST,
    SCHEMA,
    ModelRecord,
    checksums_json,
    manifest_json,
)
from torch2web.site.signing import SigningKey, sign_manifest
from torch2web.site.writers.backends import BackendFiles
from torch2web.store import FileRecord, read_blocks, write_bytes_hashed, write_hashed


@dataclass(frozen=True)
class ManifestFiles:
    manifest: FileRecord
    schema: FileRecord
    checksums: FileRecord
    signatures: tuple[FileRecord, ...]
    """One, or none for a site that is not signed."""
    sums: Mapping[str, str]
    """SHA-256 by path below `models/`, as the checksums file has them."""

    @property
    def files(self) -> tuple[FileRecord, ...]:
        return self.manifest, self.schema, self.checksums, *self.signatures


def write_manifest(
    root: Path,
    generator: str,
    backends: BackendFiles,
    models: Sequence[ModelRecord],
    signing_key: SigningKey | None,
    api: str = "",
) -> ManifestFiles:
    """Write model_info.json and the files beside it. `generator` names the version of this package."""
    content = manifest_json(generator, backends.runtime, backends.engine, models, api)
    manifest = write_bytes_hashed(root, MANIFEST, content)
    schema = write_hashed(root, f"models/{SCHEMA}", read_blocks(SCHEMAS / SCHEMA))
    # Models may share parts.
    model_files = {file.path: file for model in models for file in model.files}
    sums = checksums_json([*model_files.values(), manifest, schema])
    checksums = write_bytes_hashed(root, CHECKSUMS, sums)
    # Not among the checksums, which the page shows: each signature is different.
    signatures = (sign_manifest(root, signing_key),) if signing_key else ()
    return ManifestFiles(manifest, schema, checksums, signatures, json.loads(sums))

from torch2web.store.atomic_swap import swapped_in
from torch2web.store.cached_encodings import KeptForms
from torch2web.store.cached_folder import kept_files
from torch2web.store.conversions import MODEL, ConversionCache, Entry, Kept
from torch2web.store.hashing import (
    FileRecord,
    integrity,
    read_blocks,
    record_of,
    sha256_of,
    sha256_of_sources,
    write_bytes_hashed,
    write_hashed,
)
from torch2web.store.parallel import side_by_side
from torch2web.store.parts import (
    HASH_LENGTH,
    PART_SIZE,
    PARTS,
    PartedFile,
    join_parts,
    write_named,
    write_parts,
)
from torch2web.store.verified_files import CheckedFiles

__all__ = [
    "HASH_LENGTH",
    "MODEL",
    "PARTS",
    "PART_SIZE",
    "CheckedFiles",
    "ConversionCache",
    "Entry",
    "FileRecord",
    "Kept",
    "KeptForms",
    "PartedFile",
    "integrity",
    "join_parts",
    "kept_files",
    "read_blocks",
    "record_of",
    "sha256_of",
    "sha256_of_sources",
    "side_by_side",
    "swapped_in",
    "write_bytes_hashed",
    "write_hashed",
    "write_named",
    "write_parts",
]

"""Build cache, hashed files and their parts, and atomic publication of folders."""

from torch2web.store.atomic_swap import swapped_in
from torch2web.store.cached_encodings import CachedEncodings
from torch2web.store.cached_folder import cached_files
from torch2web.store.conversions import MODEL, CachedConversion, ConversionCache, Entry
from torch2web.store.hashing import (
    BLOCK_SIZE,
    FileRecord,
    integrity,
    read_blocks,
    record_of,
    sha256_of,
    sha256_of_sources,
    write_bytes_hashed,
    write_hashed,
)
from torch2web.store.links import link_or_copy
from torch2web.store.parallel import map_parallel, usable_cores
from torch2web.store.parts import (
    HASH_LENGTH,
    PART_SIZE,
    PARTS,
    PartedFile,
    decoded,
    join_parts,
    write_coded_parts,
    write_named,
    write_parts,
)
from torch2web.store.verified_files import VerifiedFiles
from torch2web.store.work_folders import process_folder, remove_leftovers

__all__ = [
    "BLOCK_SIZE",
    "HASH_LENGTH",
    "MODEL",
    "PARTS",
    "PART_SIZE",
    "CachedConversion",
    "CachedEncodings",
    "ConversionCache",
    "Entry",
    "FileRecord",
    "PartedFile",
    "VerifiedFiles",
    "cached_files",
    "decoded",
    "integrity",
    "join_parts",
    "link_or_copy",
    "map_parallel",
    "process_folder",
    "read_blocks",
    "record_of",
    "remove_leftovers",
    "sha256_of",
    "sha256_of_sources",
    "swapped_in",
    "usable_cores",
    "write_bytes_hashed",
    "write_coded_parts",
    "write_hashed",
    "write_named",
    "write_parts",
]

"""Writes `<file>.br` and `<file>.gz` beside every file that they make smaller, for hosts that send them."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch2web.site.encoding.content_encoding import ENCODINGS, ContentEncoding, quality_for, read_until
from torch2web.store import CachedEncodings, FileRecord, map_parallel, sha256_of_sources

MIN_GAIN = 0.05
"""Share of its bytes that a file must lose for another encoding of it to be worth a file."""

_SPEED = {5: 60.0, 9: 10.0, 11: 0.8}
_GZIP_SPEED = 35.0
"""MB/s, roughly, of Brotli by quality and of gzip: the longest job begins first, lest a core idle last."""

_HERE = Path(__file__).parent
_SOURCES = [_HERE / "content_encoding.py", _HERE / "compressed_files.py"]


@dataclass(frozen=True)
class _Job:
    """One encoding of one file to make."""

    file: FileRecord
    encoding: ContentEncoding
    quality: int
    key: str

    @property
    def seconds(self) -> float:
        speed = _SPEED[self.quality] if self.encoding.name == "br" else _GZIP_SPEED
        return self.file.size / 1e6 / speed


def precompress(root: Path, files: Sequence[FileRecord], cache: Path) -> list[FileRecord]:
    """Write the encodings of those of `files` below `root` that shrink by over 5 %; return their records.

    Encoded files of earlier builds are taken from `cache`, keyed by the hash of their source.
    """
    stopped = threading.Event()
    rules = sha256_of_sources(_HERE, _SOURCES)
    with CachedEncodings(cache / "precompressed") as cached:
        wanted = {
            _key(file, encoding, rules): (file, encoding) for file in files for encoding in ENCODINGS
        }  # two files with the same bytes are compressed once
        encoded = dict(zip(wanted, map_parallel(cached.read, wanted, stopped), strict=True))
        lacking = {key: wanted[key] for key, known in encoded.items() if known is None}
        looked_at = {file.sha256: root / file.path for file, _ in lacking.values()}
        qualities = dict(zip(looked_at, map_parallel(quality_for, looked_at.values(), stopped), strict=True))
        jobs = []
        for key, (file, encoding) in lacking.items():
            if (quality := qualities[file.sha256]) is None:
                encoded[key] = cached.write(key, [], 0)
            else:
                jobs.append(_Job(file, encoding, quality, key))
        jobs.sort(key=lambda job: job.seconds, reverse=True)

        def make(job: _Job) -> FileRecord:
            blocks = job.encoding.compress(read_until(root / job.file.path, stopped.is_set), job.quality)
            return cached.write(job.key, blocks, max_size=int(job.file.size * (1 - MIN_GAIN)))

        encoded.update(zip((job.key for job in jobs), map_parallel(make, jobs, stopped), strict=True))
        records = []
        for file in files:
            for encoding in ENCODINGS:
                made = encoded[_key(file, encoding, rules)]
                if made and made.size:
                    path = file.path + encoding.suffix
                    cached.place(made, root / path)
                    records.append(FileRecord(path, made.size, made.sha256))
    return records


def _key(file: FileRecord, encoding: ContentEncoding, rules: str) -> str:
    made_from = f"{file.sha256} {encoding.name} {encoding.version} {rules}"
    return hashlib.sha256(made_from.encode()).hexdigest()[:32]

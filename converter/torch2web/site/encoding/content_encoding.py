"""Brotli and gzip, the two forms of a file that browsers unpack by themselves (RFC 9110, 8.4)."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import brotli

_SAMPLES, _SAMPLE_SIZE = 16, 2**14
"""How many pieces of a file a quick look takes, and how many bytes each: 1 to 3 ms together."""
_HOPELESS = 0.98
"""Above it a file will not shrink by the 5 % that are asked for: many int8 weights, archives, photographs."""
_WEIGHTS = 0.6
"""Above it a file holds numbers; text and code shrink to 15 to 40 %."""
_LARGE = 2**21

_BLOCK_SIZE = 2**20
"""Bytes compressed between two looks at whether to go on."""


@dataclass(frozen=True)
class ContentEncoding:
    """A content encoding. `name` is HTTP's; compressed files have `suffix` after their name."""

    name: str
    suffix: str
    version: str
    """Of the library: another one may compress to other bytes."""
    compress: Callable[[Iterable[bytes], int], Iterator[bytes]]
    """Takes the blocks of a file and Brotli's quality for it, and gives the blocks of its other form."""


def _brotli(blocks: Iterable[bytes], quality: int) -> Iterator[bytes]:
    compressor = brotli.Compressor(quality=quality)
    for block in blocks:
        yield compressor.process(block)
    yield compressor.finish()


def _gzip(blocks: Iterable[bytes], _: int) -> Iterator[bytes]:
    # 31: with gzip's header, in which zlib writes no name and 0 for the time (zlib's manual, deflateInit2).
    compressor = zlib.compressobj(9, wbits=31)
    for block in blocks:
        yield compressor.compress(block)
    yield compressor.flush()


ENCODINGS = (
    ContentEncoding("br", ".br", f"brotli {brotli.__version__}", _brotli),
    ContentEncoding("gzip", ".gz", f"zlib {zlib.ZLIB_RUNTIME_VERSION}", _gzip),
)
"""The better one first."""


def quality_for(path: Path) -> int | None:
    """Brotli's quality for a file by a quick look at it; None where no form of it would be 5 % smaller.

    At 11 Brotli does 0.7 to 1 MB/s: ten minutes for the demo site's 600 MB of weights. How much more is sent
    where it is less, on that site: of weights at 5, 70 to 200 times as quick, 0.3 to 1 % in int8, 4.0 to
    5.4 % in fp16 and fp32, but 40 % of LandmarkCNN in fp32, whose demo weights repeat; of code over 2 MiB at
    9, 15 times as quick, 13 to 14 % (onnxruntime-web's 14.2 MB are 2.69 MB in place of 2.36). At 10 they are
    2.44 MB for 9 seconds of a core, and as long again for its build with WebGPU.
    """
    size = path.stat().st_size
    shrunk = _shrunk_to(path, size)
    if shrunk > _HOPELESS:
        return None
    if shrunk > _WEIGHTS and size > _SAMPLES * _SAMPLE_SIZE:
        return 5
    return 11 if size <= _LARGE else 9


def _shrunk_to(path: Path, size: int) -> float:
    """What pieces from all over the file shrink to, as a share of their size."""
    step = max(size // _SAMPLES, _SAMPLE_SIZE)
    pieces = []
    with path.open("rb") as file:
        for start in range(0, size, step):
            file.seek(start)
            pieces.append(file.read(_SAMPLE_SIZE))
    seen = sum(map(len, pieces))
    return sum(len(part) for part in _brotli(pieces, 5)) / seen if seen else 1.0


def read_until(path: Path, stopped: Callable[[], bool]) -> Iterator[bytes]:
    """The bytes of `path` in blocks. Raises InterruptedError once `stopped()` is true."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_SIZE):
            if stopped():
                raise InterruptedError
            yield block

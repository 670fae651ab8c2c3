"""Codes the parts of a safetensors file, each on its own, so that each is decoded when it arrives."""

from collections.abc import Iterator

from torch2web.coding.modules import Decoder, Encoder
from torch2web.coding.segments import Segment, planes_of, segments_of, spans_of

CODING = "rans"
"""Name in the manifest."""

_RAW = 255


class DamagedPartError(ValueError):
    """The bytes are not a coded part of the expected size."""

    def __init__(self, size: int, decoded: int) -> None:
        super().__init__(f"found {size} bytes that are not a coded part, expected one of {decoded} bytes")


def encode_parts(content: bytes, part_size: int) -> Iterator[tuple[bytes, int | None]]:
    """The safetensors file `content` in parts of at most `part_size` bytes before coding.

    Yields the bytes to store, and the number of those that they decode to; None where they are stored as they
    are, since coding would not make them fewer.
    """
    spans, encoder = spans_of(content), Encoder()
    for start in range(0, len(content), part_size):
        part = content[start : start + part_size]
        segments = segments_of(content, spans, start, start + len(part))
        coded = b"".join(_encode_segment(encoder, content, segment) for segment in segments)
        yield (coded, len(part)) if len(coded) < len(part) else (part, None)


def decode_part(coded: bytes, decoded: int) -> bytes:
    """The `decoded` bytes of a coded part. Raises DamagedPartError."""
    found = Decoder().decode(coded, decoded)
    if found is None:
        raise DamagedPartError(len(coded), decoded)
    return found


def _encode_segment(encoder: Encoder, content: bytes, segment: Segment) -> bytes:
    span = segment.span
    pieces = [span.form.byte, span.numbers.to_bytes(4, "little")]
    for plane, table in zip(planes_of(content, span), segment.tables, strict=True):
        if table:
            pieces += [table.content(), encoder.encode(plane, table)]
        else:
            pieces += [bytes([_RAW]), plane.tobytes()]
    return b"".join(pieces)

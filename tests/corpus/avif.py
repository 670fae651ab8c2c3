"""AVIF files that Pillow does not write."""

import base64

_TIMED_BOXES = (b"mvhd", b"tkhd", b"mdhd")


def without_times(content: bytes) -> bytes:
    """A sequence with the creation times in its boxes cleared (ISO/IEC 14496-12, version 1 boxes)."""
    changed = bytearray(content)
    for kind in _TIMED_BOXES:
        at = content.index(kind)
        assert content[at + 4] == 1
        changed[at + 8 : at + 24] = bytes(16)
    return bytes(changed)


def deep(subsampling: str) -> bytes:
    """16 × 12 pixels of 10 bits; made with libavif, since Pillow writes 8."""
    return base64.b64decode(_DEEP[subsampling])


_DEEP = {
    "4:4:4": (
        "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADybWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAA"
        "AAAAAAAAAGxpYmF2aWYAAAAADnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABGgAAAE4AAAAoaWluZgAA"
        "AAAAAQAAABppbmZlAgAAAAABAABhdjAxQ29sb3IAAAAAamlwcnAAAABLaXBjbwAAABRpc3BlAAAAAAAAABAAAAAMAAAA"
        "EHBpeGkAAAAAAwoKCgAAAAxhdjFDgSBAAAAAABNjb2xybmNseAACAAIABoAAAAAXaXBtYQAAAAAAAAABAAEEAQKDBAAA"
        "AFZtZGF0EgAKCDgM/tjAgIGkMkATQAQQQQQAAXGxBaAW59N1heoycuuGeW5rGh4mp0kQ6pY/ZMaWmPBbRjjvK92wyzY5"
        "7FDTsQ7UnmQcTcdWkaOA"
    ),
    "4:2:0": (
        "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADybWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAA"
        "AAAAAAAAAGxpYmF2aWYAAAAADnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABGgAAAEYAAAAoaWluZgAA"
        "AAAAAQAAABppbmZlAgAAAAABAABhdjAxQ29sb3IAAAAAamlwcnAAAABLaXBjbwAAABRpc3BlAAAAAAAAABAAAAAMAAAA"
        "EHBpeGkAAAAAAwoKCgAAAAxhdjFDgQBMAAAAABNjb2xybmNseAACAAIABoAAAAAXaXBtYQAAAAAAAAABAAEEAQKDBAAA"
        "AE5tZGF0EgAKCRgM/tigQEDQgDI3E0AEEEEEACmK3zrFQC3PpusL1GTl1wzy3NY0PE1OkjhvKyE7vA2YYu30nMP9gnW1"
        "Ec4HheaAhA=="
    ),
}

"""Sizes as people read them."""


def shown_size(size: int) -> str:
    """Bytes in MiB, or in KiB where that would say nothing."""
    return f"{size / 2**20:.2f} MiB" if size >= 2**20 // 10 else f"{size / 2**10:.1f} KiB"

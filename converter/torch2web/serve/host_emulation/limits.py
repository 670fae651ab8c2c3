"""Size limits of hosts, checked before deployment."""

from dataclasses import dataclass
from pathlib import Path

from torch2web.errors import OutputError
from torch2web.file_managers import files_below

_MAX_SHOWN = 4


@dataclass(frozen=True)
class Limits:
    """Limits of a host; None: unlimited."""

    host: str
    max_file_size: int | None = None
    """In bytes."""
    max_site_size: int | None = None
    """In bytes."""
    max_files: int | None = None


NGINX = Limits("nginx")
CLOUDFLARE = Limits("Cloudflare Pages", max_file_size=25 * 2**20, max_files=20_000)
"""Cloudflare's documentation, "Limits"."""
GITHUB = Limits("GitHub Pages", max_file_size=100 * 2**20, max_site_size=10**9)
"""GitHub's documentation, "About large files" and "GitHub Pages limits"."""


def require_within(limits: Limits, site: Path) -> None:
    """Raise OutputError if `site` exceeds the limits, naming the files that are too large."""
    sizes = {path: (site / path).stat().st_size for path in files_below(site) if (site / path).is_file()}
    largest = limits.max_file_size
    large = {path: size for path, size in sizes.items() if largest is not None and size > largest}
    if large and largest is not None:
        shown = [f"{path} ({size / 2**20:.1f} MiB)" for path, size in sorted(large.items())]
        more = f" and {len(shown) - _MAX_SHOWN} more" if len(shown) > _MAX_SHOWN else ""
        advice = []
        if any(".onnx" in path for path in large):
            advice.append("--no-full-onnx, which omits the full ONNX files; the page does not load them")
        if any(".onnx" not in path for path in large):
            advice.append(
                f"--max-file-size {largest // 2**20} or less, which splits the files that the page loads"
            )
        raise OutputError(
            site,
            f"found {', '.join(shown[:_MAX_SHOWN])}{more}; {limits.host} accepts files of up to "
            f"{largest / 2**20:g} MiB; build it with {' and '.join(advice)}",
        )
    total = sum(sizes.values())
    if limits.max_site_size is not None and total > limits.max_site_size:
        size, allowed = f"{total / 1e9:.2f} GB", f"{limits.max_site_size / 1e9:g} GB"
        raise OutputError(
            site,
            f"it is {size}; {limits.host} accepts sites of up to {allowed}; build it with --no-full-onnx, "
            "and leave out .br and .gz files, which this host does not use",
        )
    if limits.max_files is not None and len(sizes) > limits.max_files:
        raise OutputError(
            site,
            f"it has {len(sizes):,} files; {limits.host} accepts up to {limits.max_files:,}; build it with "
            "a larger --max-file-size or fewer models",
        )

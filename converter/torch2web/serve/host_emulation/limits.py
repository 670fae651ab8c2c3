"""What hosts refuse, found out before a site is put onto one of them."""

from dataclasses import dataclass
from pathlib import Path

from torch2web.errors import OutputError

_SHOWN = 4


@dataclass(frozen=True)
class Limits:
    """Most bytes of a file and of all, and most files; None where there is no limit."""

    host: str
    largest: int | None = None
    whole: int | None = None
    files: int | None = None


NGINX = Limits("nginx")
CLOUDFLARE = Limits("Cloudflare Pages", largest=25 * 2**20, files=20_000)
"""Its documentation, "Limits"."""
GITHUB = Limits("GitHub Pages", largest=100 * 2**20, whole=10**9)
"""GitHub's documentation, "About large files" and "GitHub Pages limits"."""


def require_within(limits: Limits, site: Path) -> None:
    """Raise OutputError where the host would refuse `site`, with every file that is too large."""
    sizes = {
        path.relative_to(site).as_posix(): path.stat().st_size for path in site.rglob("*") if path.is_file()
    }
    largest = limits.largest
    large = {path: size for path, size in sizes.items() if largest is not None and size > largest}
    if large and largest is not None:
        shown = [f"{path} ({size / 2**20:.1f} MiB)" for path, size in sorted(large.items())]
        more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
        advice = []
        if any(".onnx" in path for path in large):
            advice.append("--no-plain-models, which leaves out the whole ONNX files that no page loads")
        if any(".onnx" not in path for path in large):
            advice.append(f"--max-file-size {largest // 2**20} or less, which splits what pages load")
        raise OutputError(
            site,
            f"found {', '.join(shown[:_SHOWN])}{more}; {limits.host} takes no file over "
            f"{largest / 2**20:g} MiB; build it with {' and '.join(advice)}",
        )
    whole = sum(sizes.values())
    if limits.whole is not None and whole > limits.whole:
        raise OutputError(
            site,
            f"it is {whole / 1e9:.2f} GB; {limits.host} takes no site over {limits.whole / 1e9:g} GB; "
            "build it with --no-plain-models, and leave out .br and .gz files, which this host does not use",
        )
    if limits.files is not None and len(sizes) > limits.files:
        raise OutputError(
            site,
            f"it has {len(sizes):,} files; {limits.host} takes no more than {limits.files:,}; build it with "
            "a larger --max-file-size or fewer models",
        )

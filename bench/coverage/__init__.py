"""Which networks of torchvision and timm the compiled backend runs, how exactly and how fast."""

from bench.coverage.command import measure_coverage

__all__ = ["measure_coverage"]

"""Composes the stages: catalogue, conversion, site. The only package that does."""

from torch2web.pipeline.compose import BuildOptions, BuiltModel, build

__all__ = ["BuildOptions", "BuiltModel", "build"]

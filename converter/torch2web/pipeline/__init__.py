from torch2web.pipeline.compose import BuildOptions, BuiltModel, build

__all__ = [
    "BuildOptions",
    "BuiltModel",
    "build",
]

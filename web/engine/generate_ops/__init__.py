"""Generates the plan's format and the kernels' arguments, in C and Python, from web/engine/ops.toml."""

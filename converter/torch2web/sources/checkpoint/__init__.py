"""Checkpoint files: their format, and the state dicts in them."""

from torch2web.sources.checkpoint.read import read_state_dict

__all__ = ["read_state_dict"]

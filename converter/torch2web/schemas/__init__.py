"""JSON Schemas of catalogue, manifest and results of devices, and violations of them in words."""

from torch2web.schemas.violations import FOLDER, find_violation

__all__ = [
    "FOLDER",
    "find_violation",
]

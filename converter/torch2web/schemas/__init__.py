from torch2web.schemas.violations import FOLDER, find_violation

__all__ = [
    "FOLDER",
    "find_violation",
]

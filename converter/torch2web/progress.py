"""How stages report progress."""

from collections.abc import Callable

ProgressCallback = Callable[[str, int, int], None]
"""Called with the current step, the number of steps done, and their total."""

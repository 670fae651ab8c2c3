"""How long tests wait for what takes a moment on an idle machine: only what hangs takes as long."""

PATIENCE = 240
"""Seconds."""
PATIENCE_MS = 1000 * PATIENCE
"""Milliseconds, as Playwright counts."""

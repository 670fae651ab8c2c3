"""Selectors of the page's elements."""

READY = "#app[data-state=ready]"
ERROR = "#app[data-state=error]"
ASKING = "#app[data-state=asking]"

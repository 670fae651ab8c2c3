"""What the page shows, as selectors."""

READY = "#app[data-state=ready]"
ERROR = "#app[data-state=error]"
ASKING = "#app[data-state=asking]"

"""Serving a built site: static files, emulated hosts, and what devices find when they check it."""

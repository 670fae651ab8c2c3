"""Serves a built site: static files, emulated hosts, and the outcomes that devices report."""

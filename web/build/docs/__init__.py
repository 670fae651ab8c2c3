"""Renders docs/*.md, and the reference of the loader's API, to the HTML pages of a site's documentation."""

from web.build.docs.build import build_docs, docs_sources

__all__ = ["build_docs", "docs_sources"]

"""Files that every site of a version shares: loader, pages, engine, onnxruntime-web, Pyodide, templates.

Compiled once from `web/` and `templates/` by `make assets`, kept out of git, and part of the wheel. A site is
written from them by Python alone.
"""

from torch2web.assets.engine_exports import ENGINE_EXPORTS
from torch2web.assets.read import COMPRESSED, FILES, INDEX, PACKAGE, TEMPLATES, Assets, load_assets

__all__ = ["COMPRESSED", "ENGINE_EXPORTS", "FILES", "INDEX", "PACKAGE", "TEMPLATES", "Assets", "load_assets"]

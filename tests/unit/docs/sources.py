"""The documentation's Markdown files: README.md, CONTRIBUTING.md, those of engine and package, and docs/."""

from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in DOCS.glob("*.md"))
SOURCES = ["README.md", "CONTRIBUTING.md", "web/engine/README.md", "web/package/README.md", *PAGES]

"""The documentation lists exactly the operators that can be planned."""

import re

from tests.conftest import ROOT
from torch2web.plan.import_onnx import SUPPORTED


def test_table_of_operators() -> None:
    text = (ROOT / "docs/engine.md").read_text()
    section = text.partition("## Operators")[2].partition("\n## ")[0]
    rows = [row.split("|")[2] for row in section.splitlines() if row.startswith("| ")]
    names = set(re.findall(r"[A-Z][A-Za-z0-9]+", re.sub(r"\([^)]*\)", "", " ".join(rows))))
    assert names == SUPPORTED

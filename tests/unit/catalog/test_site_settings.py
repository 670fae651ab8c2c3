"""The `[site]` table of a catalogue."""

from pathlib import Path
from typing import Any

import pytest

from tests.tiny_network import CATALOG
from torch2web.catalog import load_catalog, load_site_settings
from torch2web.errors import CatalogError


@pytest.mark.parametrize(
    ("line", "samples"),
    [("", None), ("samples = 6", 6), ('samples = ["a/1.jpg", "2.png"]', ("a/1.jpg", "2.png"))],
)
def test_samples(tmp_path: Path, line: str, samples: Any) -> None:
    path = tmp_path / "models.toml"
    path.write_text(f"[site]\n{line}\n{CATALOG}")
    assert load_catalog(path)
    assert load_site_settings(path).samples == samples


@pytest.mark.parametrize("value", ["0", "[]", '"all"', "true", "1.5", '[""]'])
def test_wrong_samples(tmp_path: Path, value: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(f"[site]\nsamples = {value}\n{CATALOG}")
    with pytest.raises(CatalogError, match=r"site\.samples"):
        load_catalog(path)

"""The small site on a host, and another build of it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.browser.offline.visit import MODEL
from tests.browser.server import Host, Hosting
from tests.browser.sites import derived_site
from torch2web.catalog.load import ModelSpec
from torch2web.site.manifest.layout import CHECKSUMS, SUMS
from torch2web.site.manifest.records import Weights


@pytest.fixture
def host(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site)


@pytest.fixture
def other_build(small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path) -> Path:
    """Another version of the site, with another title of the network."""
    spec = replace(catalog[MODEL], title="The newer one")
    site = derived_site(small_site, tmp_path, spec, Weights("newer.pth", "0" * 64, demo=False))
    # Servers compare dates in whole seconds, and both may have been built within one.
    later = (small_site / SUMS).stat().st_mtime + 60
    for path in site.rglob("*"):
        os.utime(path, (later, later))
    # As by a deployment that keeps dates: the server answers a conditional request with 304.
    os.utime(site / CHECKSUMS, (0, 0))
    return site

"""The files that pages preload."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.browser.sites import derived_site, manifest_of, model_of, weights_of
from torch2web.catalog.load import ModelSpec
from torch2web.site.manifest.layout import MANIFEST
from torch2web.site.manifest.records import Weights
from torch2web.site.writers.start import LARGE, StartFiles
from torch2web.store import FileRecord

NAME = "mobilenet_emotion"


def starts_of(site: Path) -> list[dict[str, bytes]]:
    """The contents of each start file, by path."""
    found = []
    for file in sorted(site.glob("start-*.bin")):
        listing, _, content = file.read_bytes().partition(b"\n")
        contents = {}
        for path, size in json.loads(listing):
            contents[path], content = content[:size], content[size:]
        assert content == b""
        found.append(contents)
    return found


def test_start_files_hold_files_of_the_site(small_site: Path) -> None:
    starts = starts_of(small_site)
    engine = manifest_of(small_site)["engine"]["files"]
    plan = model_of(small_site, NAME)["plan"]["parts"][0]["path"]
    modules = {build: file["parts"][0]["path"] for build, file in engine.items()}
    threads = [[modules[f"{simd}_threads"], modules[simd]] for simd in ("plain", "relaxed")]
    wanted = [{MANIFEST, plan, *builds} for builds in ([modules["plain"]], [modules["relaxed"]], *threads)]
    assert sorted(map(sorted, starts)) == sorted(map(sorted, wanted))
    for start in starts:
        for path, content in start.items():
            assert content == (small_site / path).read_bytes()


def test_page_preloads_the_model_of_its_first_answer(small_site: Path) -> None:
    page = (small_site / "index.html").read_text()
    (listed,) = re.findall(r'\{"start": .*?\]\]\}\}', page)
    preloads = json.loads(listed)
    assert [path for path, _, _ in preloads["parts"][NAME]] == weights_of(small_site, NAME)
    assert all((small_site / path).stat().st_size == size for path, size in preloads["start"].values())
    assert page.index('{"start"') < page.index('rel="stylesheet"'), "a style sheet would hold it back"


def test_no_preloads_without_a_first_picture_or_for_large_models(
    small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path
) -> None:
    weights, spec = Weights("a.pth", "0" * 64, demo=True), catalog[NAME]
    demo = derived_site(small_site, tmp_path / "demo", spec, weights)
    assert '"start"' in (demo / "index.html").read_text()
    own = replace(spec, labels=("cat", "dog", "fish", "bird"))
    other = derived_site(small_site, tmp_path / "own", own, weights)
    assert '"start"' not in (other / "index.html").read_text(), "there is no first picture"
    large = derived_site(
        small_site,
        tmp_path / "large",
        spec,
        weights,
        change=lambda tensors: {**tensors, "more": np.zeros(LARGE, "i1")},
    )
    assert '"start"' not in (large / "index.html").read_text(), "the page asks first"


def test_names_end_no_script() -> None:
    file = FileRecord("x", 1, "0" * 64)
    listed = StartFiles({"plain": file}, (file,), {"</script>": (file,)}).as_json(["</script>"])
    assert "<" not in listed
    assert json.loads(listed)["parts"] == {"</script>": [["x", 1, "0" * 64]]}

"""Manifests of large catalogues: an index, pages, and a file for each entry."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.split_site import rewrite, split_site
from torch2web.errors import ManifestError
from torch2web.site.manifest import MANIFEST, read_site_manifest, split
from torch2web.site.recheck import recheck

NAMES = ("tern", "auk", "wren", "emu", "kiwi")
"""Not in the order of pages."""


def content(site: Path, path: str) -> Any:
    return json.loads((site / path).read_bytes())


@pytest.mark.parametrize("page_size", [2, 5])
def test_split_manifest_reads_as_the_whole(tiny_site: Path, tmp_path: Path, page_size: int) -> None:
    site = split_site(tiny_site, tmp_path / "site", NAMES, page_size=page_size)
    index, whole = content(site, MANIFEST), read_site_manifest(site)
    assert "models" not in index
    assert (len(index.get("pages", ())), len(index["listing"])) == ((3, 3) if page_size == 2 else (0, 1))
    small = read_site_manifest(tiny_site)
    (model,) = small["models"]
    assert whole == {**small, "models": [{**model, "name": n, "title": n.upper()} for n in NAMES]}


def test_page_of_a_name(tiny_site: Path, tmp_path: Path) -> None:
    """The last page whose first name is not after it."""
    site = split_site(tiny_site, tmp_path / "site", NAMES)
    pages = content(site, MANIFEST)["pages"]
    assert [(page["first"], [*content(site, page["path"])]) for page in pages] == [
        ("auk", ["auk", "emu"]),
        ("kiwi", ["kiwi", "tern"]),
        ("wren", ["wren"]),
    ]


def test_lookups_are_what_loading_a_model_reads(tiny_site: Path, tmp_path: Path) -> None:
    manifest = read_site_manifest(tiny_site)
    manifest["models"] = [{**manifest["models"][0], "name": name} for name in NAMES]
    with patch.object(split, "MAX_INLINE", 0), patch.object(split, "PAGE_SIZE", 2):
        written = split.write_site_manifest(tmp_path, manifest)
    for name in NAMES:
        page, entry = written.lookups[name]
        assert content(tmp_path, page.path)[name] == entry.as_dict()
        assert content(tmp_path, entry.path)["name"] == name


def test_index_does_not_grow_by_its_models_but_by_pages(tiny_site: Path, tmp_path: Path) -> None:
    sizes = {}
    for number in (130, 260):
        site = split_site(
            tiny_site, tmp_path / str(number), [f"m{i:03}" for i in range(number)], page_size=64
        )
        sizes[number] = (site / MANIFEST).stat().st_size
        pages = content(site, MANIFEST)["pages"]
        assert [len(content(site, page["path"])) for page in pages] == [64] * (number // 64) + [number % 64]
    assert sizes[260] - sizes[130] < 130 * 10
    (model,) = read_site_manifest(tiny_site)["models"]
    assert len(json.dumps(model)) * 130 > 10 * sizes[260]


def test_small_catalogues_are_one_file(tiny_site: Path, tmp_path: Path) -> None:
    manifest = read_site_manifest(tiny_site)
    manifest["models"] = [{**manifest["models"][0], "name": f"m{i}"} for i in range(split.MAX_INLINE)]
    written = split.write_site_manifest(tmp_path, manifest)
    assert (written.entries, written.lookups) == ((), {})
    assert content(tmp_path, MANIFEST) == manifest
    manifest["models"].append({**manifest["models"][0], "name": "one-more"})
    written = split.write_site_manifest(tmp_path, manifest)
    assert len(written.entries) == split.MAX_INLINE + 2, "an entry each, and one listing"
    assert [len(files) for files in written.lookups.values()] == [1] * (split.MAX_INLINE + 1)


def test_labels_that_models_share_are_listed_once(tiny_site: Path, tmp_path: Path) -> None:
    def change(model: dict[str, Any]) -> dict[str, Any]:
        return {**model, "labels": ["w", "x", "y", "z"]} if model["name"] == "auk" else model

    site = split_site(tiny_site, tmp_path / "site", NAMES, page_size=5, change=change)
    (listing,) = (content(site, file["path"]) for file in content(site, MANIFEST)["listing"])
    assert [len(labels) for labels in listing["labels"]] == [4, 4]
    assert [(model["name"], model["labels"]) for model in listing["models"]] == [
        (name, int(name == "auk")) for name in NAMES
    ]


def test_verify_reads_the_parts_of_the_manifest(tiny_site: Path, tmp_path: Path) -> None:
    site = split_site(tiny_site, tmp_path / "site", NAMES[:2], page_size=1)
    with patch("torch2web.site.recheck.site_check.golden_difference", lambda *_: (0.0, 1.0)):
        found = recheck(site, lambda *_: None)
        assert found.problems == ()
        assert {check.name.split()[0] for check in found.models} == {"tern", "auk"}
        # All sums fit, and still an entry is not the one that the index pins.
        (page, _) = content(site, MANIFEST)["pages"]
        entry = content(site, page["path"])["auk"]["path"]
        rewrite(site, {entry: (site / entry).read_bytes().replace(b"AUK", b"OWL")})
        found = recheck(site, lambda *_: None)
    assert len(found.problems) == 1, found.problems
    assert f"{entry}: found SHA-256" in found.problems[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pages": []}, "pages"),
        ({"entries": {}}, "valid under"),
        ({"listing": [{"path": "../x", "size": 1, "sha256": "0" * 64}]}, "listing[0].path"),
    ],
)
def test_index_that_violates_its_schema(
    tiny_site: Path, tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    site = split_site(tiny_site, tmp_path / "site", NAMES)
    rewrite(site, {MANIFEST: json.dumps({**content(site, MANIFEST), **change}).encode()})
    with pytest.raises(ManifestError) as raised:
        read_site_manifest(site)
    assert says in str(raised.value)


def test_listing_of_other_models(tiny_site: Path, tmp_path: Path) -> None:
    site = split_site(tiny_site, tmp_path / "site", NAMES)
    index = content(site, MANIFEST)
    rewrite(site, {MANIFEST: json.dumps({**index, "listing": index["listing"][:2]}).encode()})
    with pytest.raises(ManifestError, match="kiwi"):
        read_site_manifest(site)

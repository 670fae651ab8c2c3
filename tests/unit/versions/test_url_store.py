"""A store at a URL: objects that are written once, and an index."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.keys import write_pair
from tests.split_site import split_site
from tests.unit.versions.clouds import bucket_of_google, bucket_of_s3
from tests.unit.versions.test_store import changed
from torch2web.cli import main
from torch2web.errors import InputError, SiteError
from torch2web.site.manifest import ENTRY, MANIFEST
from torch2web.site.signing import SigningKey
from torch2web.store import sha256_of
from torch2web.versions import Canary, UrlStore, compare_builds
from torch2web.versions.bucket import Bucket
from torch2web.versions.index import INDEX, INDEX_SIGNATURE

# gcsfs hands large objects to aiohttp as bytes.
pytestmark = pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")


@pytest.fixture(params=["memory", "file", "s3", "gs"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty place of each kind; S3 and Google Cloud Storage are servers on loopback."""
    if request.param in ("s3", "gs"):
        with bucket_of_s3() if request.param == "s3" else bucket_of_google() as bucket:
            yield f"{bucket}/store"
        return
    place = tmp_path.as_posix() if request.param == "file" else f"/{uuid.uuid4().hex}"
    yield f"{request.param}://{place}/store"


@pytest.fixture
def memory() -> str:
    return f"memory:///{uuid.uuid4().hex}"


@pytest.fixture
def second(tiny_site: Path, tmp_path: Path) -> Path:
    """Version 2.0.0, whose weights differ."""

    def change(model: dict[str, Any]) -> None:
        model["version"] = "2.0.0"

    return changed(tiny_site, tmp_path / "second", change, b"other weights")


def index_of(url: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Bucket(url).read(INDEX))
    return found


def test_whole_life(url: str, tiny_site: Path, second: Path) -> None:
    store = UrlStore(url)
    first = store.publish(tiny_site)
    assert first.new_bytes == first.build.size + (tiny_site / MANIFEST).stat().st_size
    sizes = Bucket(url).sizes()
    newer = store.publish(second)
    added = {name: size for name, size in Bucket(url).sizes().items() if name not in sizes}
    (part,) = [name for name in added if name.startswith("models/parts/")]
    assert newer.new_bytes < first.new_bytes / 2, "files that both have are stored once"
    assert store.publish(second).new_bytes == 0
    assert [build.sequence for build in store.builds()] == [1, 2]
    index = index_of(url)
    pins = [sha256_of(site / MANIFEST) for site in (tiny_site, second)]
    assert index["builds"] == {"1": pins[0], "2": pins[1]}
    assert (index["latest"], index["models"]["tiny"]["2.0.0"]) == (2, 2)
    for pin, site in zip(pins, (tiny_site, second), strict=True):
        assert Bucket(url).read(f"models/model_info-{pin[:32]}.json") == (site / MANIFEST).read_bytes()
    assert Bucket(url).read(part) == (second / part).read_bytes()
    found = store.find("1"), store.find("latest")
    with store.opened(found[0]) as old, store.opened(found[1]) as new:
        (model,) = compare_builds((found[0], old), (found[1], new)).models
    assert model.versions[1] == "2.0.0"
    assert store.rollback().sequence == 1
    assert index_of(url)["latest"] == 1
    store.publish(second, 0.25)
    assert store.canary() == Canary(newer.build.id, 0.25)
    assert (index_of(url)["next"], index_of(url)["share"]) == (2, 0.25)
    assert store.rollback().sequence == 1
    assert store.canary() is None
    removed, freed = store.prune(0)
    assert ([build.sequence for build in removed], freed) == ([2], newer.new_bytes)
    assert part not in Bucket(url).sizes()
    assert index_of(url)["builds"] == {"1": pins[0]}
    for file in store.find("latest").files:
        names = {file.path, f"objects/{file.sha256}"}
        assert names & {*Bucket(url).sizes()}, file.path


def test_two_publishers_at_once(url: str, tiny_site: Path, tmp_path: Path) -> None:
    """Each is in the index afterwards, whoever was last."""
    sites = []
    for number in range(4):

        def change(model: dict[str, Any], number: int = number) -> None:
            model["version"] = f"1.{number}.0"

        sites.append(changed(tiny_site, tmp_path / f"site{number}", change))
    UrlStore(url).publish(tiny_site)
    with ThreadPoolExecutor(len(sites)) as pool:
        published = list(pool.map(lambda site: UrlStore(url).publish(site).build, sites))
    assert len({build.id for build in published}) == 4
    builds = UrlStore(url).builds()
    assert [build.sequence for build in builds] == [1, 2, 3, 4, 5]
    index = index_of(url)
    assert index["latest"] == 5
    assert index["builds"].keys() == {"1", "2", "3", "4", "5"}
    assert UrlStore(url).latest() == builds[-1].id


def test_index_of_a_slow_publisher_is_not_the_last(
    memory: str, tiny_site: Path, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another build is published between the two writes of a slow one, whose index is older then."""
    UrlStore(memory).publish(tiny_site)
    write, others = Bucket.write, [second]

    def slow(bucket: Bucket, name: str, *arguments: Any, **options: Any) -> None:
        if name == INDEX and others:
            UrlStore(memory).publish(others.pop())
        write(bucket, name, *arguments, **options)

    monkeypatch.setattr(Bucket, "write", slow)
    UrlStore(memory).publish(tiny_site)
    assert [build.sequence for build in UrlStore(memory).builds()] == [1, 2]
    assert index_of(memory)["latest"] == 2


def test_of_two_states_one_is_created(url: str) -> None:
    bucket = Bucket(url)
    assert bucket.create("states/1", b"first")
    assert not bucket.create("states/1", b"second")
    assert bucket.read("states/1") == b"first"
    assert bucket.sizes() == {"states/1": 5}


def test_killed_publish_leaves_the_latest(
    tiny_site: Path, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After any number of writes; and the next one completes it."""
    left = 10**6

    def counted(call: Any) -> Any:
        def counting(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return call(*arguments, **options)

        return counting

    for name in ("write", "write_file", "create"):
        monkeypatch.setattr(Bucket, name, counted(getattr(Bucket, name)))
    seen = set()
    for writes in range(100):
        url = f"memory:///{uuid.uuid4().hex}"
        left = 10**6
        UrlStore(url).publish(tiny_site)
        before, entry = index_of(url), Bucket(url).read(ENTRY)
        left = writes
        try:
            UrlStore(url).publish(second)
        except KeyboardInterrupt:
            seen.add(index_of(url)["latest"])
            if index_of(url)["latest"] == 1:
                assert index_of(url) == before
                assert Bucket(url).read(ENTRY) == entry
        else:
            break
        left = 10**6
        assert UrlStore(url).publish(second).build.sequence == 2
        assert index_of(url)["latest"] == 2
        assert Bucket(url).read(ENTRY) == (second / ENTRY).read_bytes()
    assert (writes > 5, seen) == (True, {1, 2})


def test_large_catalogue(memory: str, tiny_site: Path, tmp_path: Path) -> None:
    site = split_site(tiny_site, tmp_path / "split", ("auk", "emu", "tern"))
    store = UrlStore(memory)
    build = store.publish(site).build
    assert build.models.keys() == {"auk", "emu", "tern"}
    entries = {path.relative_to(site).as_posix() for path in site.glob("models/catalog/*.json")}
    assert entries <= Bucket(memory).sizes().keys()
    with store.opened(build) as opened:
        assert len(compare_builds((build, opened), (build, opened)).models) == 3


def test_refused(memory: str, tiny_site: Path, second: Path, tmp_path: Path) -> None:
    store = UrlStore(memory)
    with pytest.raises(InputError, match="no other build"):
        store.publish(tiny_site, 0.5)
    store.publish(tiny_site)
    with pytest.raises(InputError, match="no build before"):
        store.rollback()
    with pytest.raises(InputError, match="expected one of the builds of memory://"):
        store.find("9")
    path = next((second / "models/parts").glob("*"))
    path.unlink()
    path.write_bytes(b"damaged")
    with pytest.raises(SiteError, match="found SHA-256"):
        store.publish(second)
    assert index_of(memory)["latest"] == 1
    strange = f"memory:///{uuid.uuid4().hex}"
    Bucket(strange).write("holiday.jpg", b"x")
    with pytest.raises(InputError, match=r"it holds holiday\.jpg and is no store"):
        UrlStore(strange).publish(tiny_site)
    with pytest.raises(InputError, match=r"nonsense://place/store: .*nonsense"):
        UrlStore("nonsense://user:secret@place/store")


def test_secrets_of_the_url_are_not_shown() -> None:
    assert Bucket("memory://user:secret@place/store?token=x").shown == "memory://place/store"


def test_each_index_has_a_greater_number(memory: str, tiny_site: Path, second: Path) -> None:
    store, seen = UrlStore(memory), [0]
    for step in (lambda: store.publish(tiny_site), lambda: store.publish(second), store.rollback):
        step()
        seen.append(index_of(memory)["change"])
    assert seen == sorted({*seen})


def test_signed_index_needs_the_key(memory: str, tiny_site: Path, second: Path, tmp_path: Path) -> None:
    key = SigningKey.read(write_pair(tmp_path).private)
    UrlStore(memory, key).publish(tiny_site)
    assert INDEX_SIGNATURE in Bucket(memory).sizes()
    with pytest.raises(InputError, match="add --sign KEY"):
        UrlStore(memory).publish(second)
    assert index_of(memory)["latest"] == 1


def test_commands(tiny_site: Path, second: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"file://{tmp_path.as_posix()}/store"
    for site in (tiny_site, second):
        assert main(["publish", str(site), "--into", url]) == 0
    assert "latest: file://" in capsys.readouterr().out
    for command in (["versions"], ["diff", "1", "2"], ["rollback"], ["prune", "--keep", "1"]):
        assert main([*command, "--in", url]) == 0
    assert "tiny" in capsys.readouterr().out

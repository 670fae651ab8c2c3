"""A store of versions: published, rolled back, compared, pruned, and killed in between."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.sites import weights_of
from tests.conftest import ROOT, tree
from tests.keys import write_pair
from torch2web.cli import main
from torch2web.errors import InputError, OutputError, SiteError
from torch2web.site.manifest import MANIFEST, SUMS, read_sums
from torch2web.site.signing import SigningKey
from torch2web.versions import Canary, VersionStore, compare_builds
from torch2web.versions.index import INDEX
from torch2web.versions.record import is_hashed

Model = dict[str, Any]


def changed(site: Path, folder: Path, change: Callable[[Model], object], part: bytes = b"") -> Path:
    """A copy of `site` whose model is changed in the manifest, and one part of its weights by `part`."""
    shutil.copytree(site, folder, copy_function=os.link)
    manifest = json.loads((folder / MANIFEST).read_text())
    model = manifest["models"][0]
    change(model)
    sums, _ = read_sums(folder)
    if part:
        record = model["variants"][0]["weights"]["parts"][0]
        del sums[record["path"]]
        (folder / record["path"]).unlink()
        part = part.ljust(record["size"], b"\0")
        record["sha256"] = hashlib.sha256(part).hexdigest()
        record["path"] = f"models/parts/{record['sha256'][:32]}.bin"
        (folder / record["path"]).write_bytes(part)
        sums[record["path"]] = record["sha256"]
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    sums[MANIFEST] = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    (folder / SUMS).unlink()
    (folder / SUMS).write_text("".join(f"{sha256}  {path}\n" for path, sha256 in sorted(sums.items())))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path / "store")


@pytest.fixture
def second(small_site: Path, tmp_path: Path) -> Path:
    """The same model in version 1.2.0, with other weights and one label more."""

    def change(model: Model) -> None:
        model["version"] = "1.2.0"
        model["labels"] = [*model["labels"][:3], "Asleep"]

    return changed(small_site, tmp_path / "second", change, b"other weights")


def visited(store: VersionStore) -> dict[str, bytes]:
    """Files of the latest site, without the index and the manifests under names with hashes."""
    files = tree(store.folder / "latest")
    return {path: content for path, content in files.items() if path != INDEX and "/model_info-" not in path}


def index_of(store: VersionStore) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((store.folder / "latest" / INDEX).read_text())
    return found


def object_bytes(store: VersionStore) -> int:
    return sum(path.stat().st_size for path in (store.folder / "objects").glob("??/*"))


def test_builds_side_by_side_share_what_is_the_same(
    store: VersionStore, small_site: Path, second: Path
) -> None:
    first = store.publish(small_site)
    before = object_bytes(store)
    assert visited(store) == tree(small_site)
    other = store.publish(second)
    assert object_bytes(store) - before == other.new_bytes < 0.3 * first.new_bytes
    assert store.latest() == other.build.id
    assert tree(store.site_of(first.build)) == tree(small_site)
    assert tree(store.site_of(other.build)) == tree(second)
    # An open page of the first build finds its files below `latest` too.
    live = tree(store.folder / "latest")
    assert {path: live[path] for path in tree(second)} == tree(second)
    old = weights_of(small_site, "mobilenet_emotion")[0]
    assert old not in tree(second)
    assert live[old] == (small_site / old).read_bytes()
    # By name and version, of which the demo's is 1.0.0.
    names = {link.name: link.resolve() for link in (store.folder / "names").iterdir()}
    assert names["mobilenet_emotion@1.0.0"] == store.site_of(first.build).resolve()
    assert names["mobilenet_emotion@1"] == names["mobilenet_emotion@1.2.0"]
    assert names["mobilenet_emotion@1.2"] == store.site_of(other.build).resolve()
    assert [build.sequence for build in store.builds()] == [1, 2]
    # Once more: nothing new.
    again = store.publish(small_site)
    assert (again.build.id, again.new_bytes) == (first.build.id, 0)
    assert store.latest() == first.build.id
    assert len(store.builds()) == 2


def test_rollback_and_prune(store: VersionStore, small_site: Path, second: Path) -> None:
    first, other = (store.publish(site).build for site in (small_site, second))
    assert store.rollback().id == first.id
    assert tree(store.site_of(first)) == tree(small_site)
    with pytest.raises(InputError, match="there is no build before"):
        store.rollback()
    assert store.rollback("2").id == other.id
    with pytest.raises(InputError, match=r"found '9', expected one of the builds of .*: 1 \("):
        store.rollback("9")
    (store.folder / "versions" / ".killed.new-1").mkdir()
    removed, freed = store.prune(0)
    assert [build.id for build in removed] == [first.id]
    assert freed > 0
    assert store.builds() == (other,)
    assert visited(store) == tree(second)
    assert sorted(path.name for path in (store.folder / "versions").iterdir()) == [other.id]
    assert sorted(link.name for link in (store.folder / "names").iterdir()) == [
        "mobilenet_emotion@1",
        "mobilenet_emotion@1.2",
        "mobilenet_emotion@1.2.0",
    ]
    used = {file.sha256 for file in other.files}
    assert {path.name for path in (store.folder / "objects").glob("??/*")} == used


def test_index_names_the_manifest_of_every_version(
    store: VersionStore, small_site: Path, second: Path
) -> None:
    store.publish(small_site)
    store.publish(second)
    index = index_of(store)
    sums = [hashlib.sha256((site / MANIFEST).read_bytes()).hexdigest() for site in (small_site, second)]
    assert index["latest"] == 2
    assert index["builds"] == {"1": sums[0], "2": sums[1]}
    assert index["models"] == {"mobilenet_emotion": {"1.0.0": 1, "1.2.0": 2}}
    live = tree(store.folder / "latest")
    for site, sha256 in zip((small_site, second), sums, strict=True):
        assert live[f"models/model_info-{sha256[:32]}.json"] == (site / MANIFEST).read_bytes()


def test_beginning_of_a_version_means_no_build_after_the_latest(
    store: VersionStore, small_site: Path, second: Path
) -> None:
    first, other = (store.publish(site).build for site in (small_site, second))
    store.rollback()
    names = {link.name: link.resolve().name for link in (store.folder / "names").iterdir()}
    assert names["mobilenet_emotion@1"] == first.id
    assert names["mobilenet_emotion@1.2.0"] == other.id
    assert "mobilenet_emotion@1.2" not in names
    assert index_of(store)["latest"] == 1


def test_version_of_two_builds_means_the_newer_up_to_the_latest(
    store: VersionStore, small_site: Path, tmp_path: Path
) -> None:
    same = changed(small_site, tmp_path / "same", lambda model: model.update(title="Another"))
    first, other = (store.publish(site).build for site in (small_site, same))
    link = store.folder / "names" / "mobilenet_emotion@1.0.0"
    assert (link.resolve().name, index_of(store)["models"]["mobilenet_emotion"]["1.0.0"]) == (other.id, 2)
    store.rollback()
    assert (link.resolve().name, index_of(store)["models"]["mobilenet_emotion"]["1.0.0"]) == (first.id, 1)


def test_canary_is_promoted_or_withdrawn(
    store: VersionStore, small_site: Path, second: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match="no other build for the remaining visitors"):
        store.publish(small_site, 0.5)
    assert store.builds() == ()
    first = store.publish(small_site).build
    with pytest.raises(InputError, match="no other build for the remaining visitors"):
        store.publish(small_site, 0.5)
    into, inside = (["--into", str(store.folder)], ["--in", str(store.folder)])
    assert main(["publish", str(second), "--share", "0.25", *into]) == 0
    assert "25% of the visitors get it" in capsys.readouterr().out
    assert store.latest() == first.id
    assert (index_of(store)["latest"], index_of(store)["next"], index_of(store)["share"]) == (1, 2, 0.25)
    assert main(["versions", *inside]) == 0
    assert "next, 25%" in capsys.readouterr().out
    assert store.prune(0) == ((), 0)
    assert store.canary() == Canary(store.find("2").id, 0.25)
    store.rollback()
    assert (store.latest(), store.canary()) == (first.id, None)
    store.publish(second, 0.5)
    assert store.publish(second).new_bytes == 0
    assert (store.latest(), store.canary()) == (store.find("2").id, None)
    with pytest.raises(SystemExit):
        main(["publish", str(second), "--share", "1.5", *into])
    assert "expected a number from 0 to 1" in capsys.readouterr().err


def test_signed_index_stays_signed(small_site: Path, second: Path, tmp_path: Path) -> None:
    pair = write_pair(tmp_path / "keys")
    signed = VersionStore(tmp_path / "store", SigningKey.read(pair.private))
    signed.publish(small_site)
    unsigned = VersionStore(signed.folder)
    for change in (lambda: unsigned.publish(second), unsigned.rollback, lambda: unsigned.prune(0)):
        with pytest.raises(InputError, match=r"its index is signed.*add --sign KEY"):
            change()
    assert main(["publish", str(second), "--into", str(signed.folder), "--sign", str(pair.private)]) == 0
    from model_signing.verifying import Config

    latest = signed.folder / "latest"
    verifier = Config().use_elliptic_key_verifier(public_key=pair.public)
    verifier.verify(latest / INDEX, latest / f"{INDEX}.sig")


def test_what_changed(
    store: VersionStore, small_site: Path, second: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, other = (store.publish(site).build for site in (small_site, second))
    found = compare_builds((first, store.site_of(first)), (other, store.site_of(other)))
    (model,) = found.models
    assert model.versions == ("1.0.0", "1.2.0")
    assert model.labels == (("Tired",), ("Asleep",))
    assert 0 < model.new_bytes <= model.bytes[1]
    assert model.agreement is not None
    assert 0 < model.agreement[0] < model.agreement[1], "those of the label that is gone"
    arguments = ["--in", str(store.folder)]
    assert main(["diff", "1", "latest", *arguments]) == 0
    out = capsys.readouterr().out
    assert "1.0.0 → 1.2.0" in out
    assert "mobilenet_emotion: labels removed: Tired" in out
    assert "from PyTorch: largest difference" in out
    assert main(["versions", *arguments]) == 0
    assert "mobilenet_emotion@1.2.0" in capsys.readouterr().out
    assert main(["rollback", *arguments]) == 0
    assert main(["prune", "--keep", "0", *arguments]) == 0
    assert "removed builds: 2; " in capsys.readouterr().out


def test_labels_in_another_order_are_said(
    store: VersionStore, small_site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def swap(model: Model) -> None:
        model["labels"][:2] = reversed(model["labels"][:2])

    store.publish(small_site)
    store.publish(changed(small_site, tmp_path / "swapped", swap))
    assert main(["diff", "1", "2", "--in", str(store.folder)]) == 0
    out = capsys.readouterr().out
    first, second, *_ = json.loads((small_site / MANIFEST).read_text())["models"][0]["labels"]
    said = f"labels reordered: 0 {first} → {second}, 1 {second} → {first}"
    assert said in " ".join(out.split())
    assert "labels removed" not in out


def test_everything_wrong_with_a_site_is_listed(
    store: VersionStore, small_site: Path, tmp_path: Path
) -> None:
    """A damaged file, one that is missing, one too many, and a stub of another build."""
    site = changed(small_site, tmp_path / "damaged", lambda model: model)
    weights = site / weights_of(site, "mobilenet_emotion")[0]
    content = weights.read_bytes()
    weights.unlink()
    weights.write_bytes(content[::-1])
    (site / "one_more.txt").touch()
    damaged = [weights.relative_to(site).as_posix(), "one_more.txt", "torch2web.js"]
    for missing in ([], ["embed.html"]):
        for path in missing:
            (site / path).unlink()
        with pytest.raises(SiteError) as caught:
            store.publish(site)
        found = {problem.partition(":")[0] for problem in caught.value.problems}
        assert {*damaged, *missing} <= found


def test_changed_file_is_not_published(store: VersionStore, small_site: Path, tmp_path: Path) -> None:
    store.publish(small_site)
    before = store.latest()
    site = changed(small_site, tmp_path / "third", lambda model: model.update(version="3"), b"x")
    path = site / weights_of(site, "mobilenet_emotion")[0]
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(SiteError, match=r"found SHA-256 .*, expected"):
        store.publish(site)
    (site / SUMS).write_text(f"{'0' * 64}  ../secret\n")
    with pytest.raises(SiteError, match=r"\.\./secret: it is not inside the site"):
        store.publish(site)
    assert store.latest() == before
    assert len(store.builds()) == 1


def test_no_other_folder_becomes_a_store(small_site: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(OutputError, match=r"it holds .*thesis\.txt"):
        VersionStore(tmp_path).publish(small_site)
    with pytest.raises(OutputError, match="there is no store; torch2web publish"):
        VersionStore(tmp_path / "none").rollback()
    for command in (["versions"], ["diff", "1", "2"], ["rollback"], ["prune"]):
        assert main([*command, "--in", str(tmp_path / "none")]) == 2
        assert main([*command, "--in", f"memory://{tmp_path.name}-none"]) == 2
    assert not (tmp_path / "none").exists()
    assert main(["publish", str(tmp_path / "nothing"), "--into", str(tmp_path / "store")]) == 2


CODE = """
import os, signal, sys
from pathlib import Path
from torch2web.versions import VersionStore
calls = int(sys.argv[3])
def limited(event, arguments):
    global calls
    if event in ("os.rename", "os.link", "os.symlink", "os.chmod"):
        calls -= 1
        if calls < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(limited)
VersionStore(Path(sys.argv[1])).publish(Path(sys.argv[2]))
"""


def publish(store: VersionStore, site: Path, calls: int) -> subprocess.Popen[bytes]:
    """A process that publishes, and is killed after so many changes of the file system."""
    command = [sys.executable, "-c", CODE, str(store.folder), str(site), str(calls)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": "converter"})


def test_killed_at_any_step(store: VersionStore, small_site: Path, second: Path) -> None:
    store.publish(small_site)
    first, calls = store.latest(), 0
    while True:
        process = publish(store, second, calls)
        if process.wait() == 0:
            break
        assert process.returncode == -signal.SIGKILL
        if store.latest() != first:  # killed right after the last step: nothing may be missing
            live = tree(store.folder / "latest")
            assert {path: live.get(path) for path in tree(second)} == tree(second)
            break
        live = tree(store.folder / "latest")
        assert {path: live[path] for path in tree(small_site)} == tree(small_site)
        calls = calls * 2 + 1
    assert calls > 7
    store.publish(second)
    assert len(store.builds()) == 2
    assert tree(store.site_of(store.find("2"))) == tree(second)
    assert object_bytes(store) == sum(
        {file.sha256: file.size for build in store.builds() for file in build.files}.values()
    )


def test_two_publishers_at_once(store: VersionStore, small_site: Path, second: Path) -> None:
    processes = [publish(store, site, 10**6) for site in (small_site, second, small_site)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert sorted(build.sequence for build in store.builds()) == [1, 2]
    for build in store.builds():
        site = small_site if build.models["mobilenet_emotion"] == "1.0.0" else second
        assert tree(store.site_of(build)) == tree(site)
    assert store.latest() in {build.id for build in store.builds()}


def test_names_that_never_change_their_content() -> None:
    hashed = f"models/parts/{'0' * 32}.bin", f"torch2web-{'a' * 32}.js", f"torch2web-{'a' * 32}.js.br"
    assert [bool(is_hashed(path)) for path in hashed] == [True] * 3
    others = "models/model_info.json", "index.html", "torch2web.js"
    assert [bool(is_hashed(path)) for path in others] == [False] * 3

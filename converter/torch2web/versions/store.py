"""A folder that holds published sites. Each file is stored once, under its SHA-256.

    objects/ab/<SHA-256>   contents
    builds/<id>.json       records
    versions/<id>/         each site whole, of hard links: pages that refer to it stay as they are
    names/<model>@1.2      link to the newest site with this version of the model; also @1 and @1.2.0
    live/<id>/             a site, and all files of others with hashes in their names, for open pages;
                           versions.json, the index, and each build's manifest under its hash
    latest                 link to one of live/: the one place that says which build is the latest

A command that is killed leaves `latest` as it was: it is replaced last, by one renaming.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch2web.errors import InputError, OutputError, SiteError
from torch2web.site.recheck import site_problems
from torch2web.site.signing import SIGNATURE, SigningKey, sign_file
from torch2web.store import (
    link_or_copy,
    process_folder,
    read_blocks,
    remove_leftovers,
    swapped_in,
    write_hashed,
)
from torch2web.versions.index import (
    INDEX,
    INDEX_SIGNATURE,
    Canary,
    index_bytes,
    manifest_name,
    manifest_of,
    names_of,
    next_change,
    read_canary,
)
from torch2web.versions.record import Build, Published, is_hashed
from torch2web.versions.selection import (
    LATEST,
    build_before,
    find_build,
    require_canary_beside,
    unused_builds,
)

_WORK = ".work-"
_LOCK = ".lock"


class VersionStore:
    """The store in `folder`. Every change holds a lock: a second command waits for the first.

    `key` signs the index with every change; a store whose index is signed is not changed without one.
    """

    def __init__(self, folder: Path, key: SigningKey | None = None) -> None:
        self.folder = folder
        self._key = key

    def builds(self) -> tuple[Build, ...]:
        """In the order in which they were published. Raises OutputError."""
        paths = (self.folder / "builds").glob("*.json")
        return tuple(sorted(map(Build.read, paths), key=lambda build: build.sequence))

    def latest(self) -> str:
        """Id of the latest build; empty where there is none."""
        link = self.folder / LATEST
        return link.readlink().name if link.is_symlink() else ""

    def canary(self) -> Canary | None:
        """The build for a share of the visitors. Raises OutputError."""
        return read_canary(self.folder / LATEST / INDEX, self.builds())

    @property
    def shown(self) -> str:
        return str(self.folder)

    def places(self, build: Build) -> tuple[str, str]:
        """Where the latest build is, and `build` for ever."""
        return str(self.folder / LATEST), str(self.site_of(build))

    @contextmanager
    def opened(self, build: Build) -> Iterator[Path]:
        """The folder of the build."""
        yield self.site_of(build)

    def site_of(self, build: Build) -> Path:
        return self.folder / "versions" / build.id

    def find(self, name: str) -> Build:
        """The build that `name` means: `latest`, a number, or the beginning of an id. Raises InputError."""
        return find_build(name, self.builds(), self.latest(), self.folder)

    def publish(self, site: Path, share: float | None = None) -> Published:
        """Add `site` and make it the latest; with a `share` (0 to 1) the canary, and the latest stays.

        A site that was published before is not added again: this is how a canary becomes the latest. Raises
        SiteError where files are not as they were built, OutputError for a folder that is no store,
        InputError for a canary without a latest build, or of it.
        """
        self._require_own()
        with self._locked():
            self._require_key()
            builds = self.builds()
            build = Build.of_site(site, max((build.sequence for build in builds), default=0) + 1)
            if share is not None:
                require_canary_beside(self.latest(), build.id)
            known = next((other for other in builds if other.id == build.id), None)
            new = self._add_objects(site, build)
            if known is None:
                self._write_folder(self.site_of(build), build, ())
                self._write_record(build)
            added = known or build
            if share is None:
                self._make_latest(added, None)
            else:
                self._make_latest(self.find(LATEST), Canary(added.id, share))
            return Published(added, new)

    def rollback(self, name: str = "") -> Build:
        """Make the build `name` the latest; without a name withdraw the canary, and where there is none,
        make the build before the latest the latest. Raises InputError."""
        self.require_store()
        with self._locked():
            self._require_key()
            if name:
                build = self.find(name)
            elif self.canary():
                build = self.find(LATEST)
            else:
                build = build_before(self.find(LATEST), self.builds(), self.folder)
            self._make_latest(build, None)
            return build

    def prune(self, keep: int) -> tuple[tuple[Build, ...], int]:
        """Remove all but the latest, the canary and the `keep` newest builds: these, and the bytes freed."""
        self.require_store()
        with self._locked():
            self._require_key()
            latest, canary = self.latest(), self.canary()
            removed = unused_builds(self.builds(), latest, canary, keep)
            for build in removed:
                (self.folder / "builds" / f"{build.id}.json").unlink()
                shutil.rmtree(self.site_of(build), ignore_errors=True)
            if latest:
                self._make_latest(self.find(LATEST), canary)
            kept = {self.latest(), *(build.id for build in self.builds())}
            for folder in (*self.folder.glob("live/*"), *self.folder.glob("versions/*")):
                if folder.name not in ({self.latest()} if folder.parent.name == "live" else kept):
                    shutil.rmtree(folder, ignore_errors=True)  # also what a killed command has left
            return removed, self._remove_unused()

    def _add_objects(self, site: Path, build: Build) -> int:
        """Copy what is new, hashing it once more; the bytes of it."""
        objects = self.folder / "objects"
        objects.mkdir(exist_ok=True)
        remove_leftovers(objects, _WORK)
        work = process_folder(objects, _WORK)
        new = 0
        try:
            for file in build.files:
                target = self._object(file.sha256)
                if target.is_file() and target.stat().st_size == file.size:
                    continue
                written = write_hashed(work, "object", read_blocks(site / file.path))
                if written.sha256 != file.sha256:
                    problem = f"{file.path}: found SHA-256 {written.sha256}, expected {file.sha256}"
                    raise SiteError(site, site_problems(site) or [problem])
                target.parent.mkdir(exist_ok=True)
                (work / "object").chmod(0o444)  # its other names share the content
                (work / "object").replace(target)
                new += file.size
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return new

    def _make_latest(self, build: Build, canary: Canary | None) -> None:
        builds = self.builds()
        live = self.folder / "live" / build.id
        index = self.folder / LATEST / INDEX
        change = next_change(index.read_bytes() if index.is_file() else b"")
        self._write_folder(live, build, builds, index_bytes(builds, build, canary, change))
        self._write_names(names_of(builds, build))
        _replace_link(self.folder / LATEST, Path("live") / build.id)

    def _write_folder(self, folder: Path, build: Build, others: Iterable[Build], index: bytes = b"") -> None:
        files = {file.path: file for other in others for file in other.files if is_hashed(file.path)}
        for other in others:
            manifest = manifest_name(manifest_of(other).sha256)
            files[manifest] = manifest_of(other)
            files |= {f"{manifest}.sig": file for file in other.files if file.path == SIGNATURE}
        files |= {file.path: file for file in build.files}
        with swapped_in(folder) as root:
            for path, file in files.items():
                link_or_copy(self._object(file.sha256), root / path)
            if index:
                (root / INDEX).write_bytes(index)
                if self._key:
                    sign_file(root / INDEX, root / INDEX_SIGNATURE, self._key)

    def _require_key(self) -> None:
        """Raise InputError where the index is signed and would not be any more."""
        if self._key is None and (self.folder / LATEST / INDEX_SIGNATURE).is_file():
            raise InputError(
                f"{self.folder}: its index is signed, and pages may require that; add --sign KEY"
            )

    def _write_names(self, builds: Mapping[str, Build]) -> None:
        """Links by model and version."""
        folder = self.folder / "names"
        folder.mkdir(exist_ok=True)
        for link in folder.iterdir():
            if link.name not in builds:
                link.unlink()
        for name, build in builds.items():
            _replace_link(folder / name, Path("..") / "versions" / build.id)

    def _write_record(self, build: Build) -> None:
        folder = self.folder / "builds"
        folder.mkdir(exist_ok=True)
        staged = folder / f".{build.id}"
        staged.write_bytes(build.as_json())
        staged.replace(folder / f"{build.id}.json")

    def _remove_unused(self) -> int:
        used = {file.sha256 for build in self.builds() for file in build.files}
        freed = 0
        for path in (self.folder / "objects").glob("??/*"):
            if path.name not in used:
                freed += path.stat().st_size
                path.unlink()
        return freed

    def _object(self, sha256: str) -> Path:
        return self.folder / "objects" / sha256[:2] / sha256

    def _require_own(self) -> None:
        """Create the folder; raise OutputError for one that holds something else."""
        self.folder.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in self.folder.iterdir()}
        if names and _LOCK not in names:
            shown = ", ".join(sorted(names)[:3])
            raise OutputError(self.folder, f"it holds {shown} and is no store; name an empty or a new folder")

    def require_store(self) -> None:
        """Raise OutputError where there is no store."""
        if not ((self.folder / _LOCK).is_file() or (self.folder / "builds").is_dir()):
            found = "it is no store" if self.folder.exists() else "there is no store"
            raise OutputError(self.folder, f"{found}; torch2web publish SITE --into STORE makes one")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Wait for other commands. The system lifts the lock of a process that was killed."""
        with (self.folder / _LOCK).open("a") as file:
            try:
                import fcntl
            except ImportError:  # Windows: one command at a time is up to the user
                yield
                return
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _replace_link(link: Path, target: Path) -> None:
    """In one step; a link that is right already stays."""
    if link.is_symlink() and link.readlink() == target:
        return
    staged = link.with_name(f".{link.name}.{os.getpid()}")
    staged.unlink(missing_ok=True)
    try:
        staged.symlink_to(target, target_is_directory=True)
    except (OSError, NotImplementedError) as error:
        raise OutputError(link, f"symbolic links cannot be made there: {error}") from error
    staged.replace(link)

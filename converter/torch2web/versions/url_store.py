"""A store of published sites at a URL, such as s3://bucket/models: objects that are written once.

    torch2web.js                    of the latest build: pages import it and name models with versions
    versions.json                   the index, which says what versions mean; one object, replaced as a whole
    models/model_info-<hash>.json   manifest of each build
    models/parts/<hash>.bin, …      all files with hashes in their names, once for all builds
    objects/<SHA-256>               contents of the other files
    builds/<id>.json                records
    states/<number>.json            which builds there are and which is the latest, written once each

The state with the highest number counts. A change writes the next number, which the store grants to one of
two at once; the other reads the new state and tries again. The index is derived from the state.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from torch2web.errors import InputError, SiteError
from torch2web.site.manifest import ENTRY, MANIFEST
from torch2web.site.recheck import site_problems
from torch2web.site.report import DATA
from torch2web.site.signing import SIGNATURE, SigningKey, sign_file
from torch2web.store import FileRecord, sha256_of
from torch2web.versions.bucket import Bucket, retried
from torch2web.versions.index import (
    INDEX,
    INDEX_SIGNATURE,
    Canary,
    index_bytes,
    manifest_name,
    manifest_of,
    next_change,
)
from torch2web.versions.record import Build, Published, is_hashed
from torch2web.versions.selection import (
    LATEST,
    build_before,
    find_build,
    require_canary_beside,
    unused_builds,
)

_TRIES = 30
"""Of a change while others change the store too."""


@dataclass(frozen=True)
class _State:
    number: int
    """0: there is no store yet."""
    builds: Mapping[str, int]
    """Sequence by id."""
    latest: str
    canary: Canary | None

    def as_json(self) -> bytes:
        canary = {"build": self.canary.build, "share": self.canary.share} if self.canary else None
        content = {"schema_version": 1, "builds": dict(self.builds), "latest": self.latest, "canary": canary}
        return json.dumps(content).encode() + b"\n"

    @classmethod
    def read(cls, number: int, content: bytes) -> "_State":
        try:
            found = json.loads(content)
            canary = Canary(**found["canary"]) if found["canary"] else None
            return cls(number, found["builds"], found["latest"], canary)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"states/{number:08}.json is no state of a store: {error}") from error


class UrlStore:
    """The store at `url`. `key` signs the index with every change."""

    def __init__(self, url: str, key: SigningKey | None = None) -> None:
        self._bucket, self._key = Bucket(url), key

    @property
    def shown(self) -> str:
        """Where the store is, without secrets."""
        return self._bucket.shown

    def require_store(self) -> None:
        """Raise InputError where there is no store."""
        if self._state().number == 0:
            raise InputError(
                f"{self.shown}: there is no store; torch2web publish SITE --into STORE makes one"
            )

    def builds(self) -> tuple[Build, ...]:
        """In the order in which they were published. Raises InputError or OutputError."""
        return self._builds(self._state())

    def latest(self) -> str:
        """Id of the latest build; empty where there is none."""
        return self._state().latest

    def canary(self) -> Canary | None:
        """The build for a share of the visitors."""
        return self._state().canary

    def find(self, name: str) -> Build:
        """The build that `name` means: `latest`, a number, or the beginning of an id. Raises InputError."""
        state = self._state()
        return find_build(name, self._builds(state), state.latest, self.shown)

    def places(self, build: Build) -> tuple[str, str]:
        """Where pages find the latest build, and `build` for ever."""
        return f"{self.shown}/{ENTRY}", f"{self.shown}/{manifest_name(manifest_of(build).sha256)}"

    @contextmanager
    def opened(self, build: Build) -> Iterator[Path]:
        """A folder with the files of the build that are compared: its manifest and its report."""
        with tempfile.TemporaryDirectory() as name:
            for file in build.files:
                catalog = file.path.startswith("models/catalog/") and file.path.endswith(".json")
                if catalog or file.path in (MANIFEST, DATA):
                    target = Path(name) / file.path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(self._bucket.read(_name_of(file)))
            yield Path(name)

    def publish(self, site: Path, share: float | None = None) -> Published:
        """Add `site` and make it the latest; with a `share` (0 to 1) the canary, and the latest stays.

        Raises SiteError where files are not as they were built, InputError for what is no store, for a store
        that cannot be written, and for a canary without a latest build, or of it.
        """
        build = Build.of_site(site, 0)
        before = self._state()
        self._require_own(before)
        if share is not None:
            require_canary_beside(before.latest, build.id)
        new = self._upload(site, build)
        self._bucket.write(f"builds/{build.id}.json", build.as_json(), changes=True)

        def change(state: _State) -> _State:
            number = max(state.builds.values(), default=0) + 1
            builds = {build.id: number, **state.builds}
            if share is None:
                return replace(state, builds=builds, latest=build.id, canary=None)
            return replace(state, builds=builds, canary=Canary(build.id, share))

        state = self._commit(change)
        self._upload(site, build)  # what a prune has removed meanwhile, before it knew of this build
        self._show(state)
        return Published(replace(build, sequence=state.builds[build.id]), new)

    def rollback(self, name: str = "") -> Build:
        """Make the build `name` the latest; without a name withdraw the canary, and where there is none,
        make the build before the latest the latest. Raises InputError."""

        def change(state: _State) -> _State:
            builds = self._builds(state)
            build = find_build(name or LATEST, builds, state.latest, self.shown)
            if not name and not state.canary:
                build = build_before(build, builds, self.shown)
            return replace(state, latest=build.id, canary=None)

        state = self._commit(change)
        self._show(state)
        return next(build for build in self._builds(state) if build.id == state.latest)

    def prune(self, keep: int) -> tuple[tuple[Build, ...], int]:
        """Remove all but the latest, the canary and the `keep` newest builds: these, and the bytes freed."""
        removed: tuple[Build, ...] = ()

        def change(state: _State) -> _State:
            nonlocal removed
            removed = unused_builds(self._builds(state), state.latest, state.canary, keep)
            left = state.builds.keys() - {build.id for build in removed}
            return replace(state, builds={name: n for name, n in state.builds.items() if name in left})

        self._show(self._commit(change))
        used = {name for build in self.builds() for name in _names_of(build)}
        sizes = self._bucket.sizes()
        unused = {name for build in removed for name in _names_of(build)} - used
        found = {name: sizes[name] for name in unused if name in sizes}
        self._bucket.remove([*found, *(f"builds/{build.id}.json" for build in removed)])
        numbers = sorted(name for name in sizes if name.startswith("states/"))
        self._bucket.remove(numbers[: -max(keep, 1)])
        return removed, sum(found.values())

    def _state(self) -> _State:
        names = sorted(name for name in self._bucket.sizes("states") if name.endswith(".json"))
        if not names:
            return _State(0, {}, "", None)
        number = int(Path(names[-1]).stem)
        return _State.read(number, self._bucket.read(names[-1]))

    def _builds(self, state: _State) -> tuple[Build, ...]:
        ordered = sorted(state.builds.items(), key=lambda item: item[1])
        return tuple(
            replace(Build.parse(self._bucket.read(f"builds/{name}.json"), Path(name)), sequence=number)
            for name, number in ordered
        )

    def _commit(self, change: Callable[[_State], _State]) -> _State:
        """Write the next state; again from the newest where another command was first."""

        def attempt() -> _State | None:
            state = self._state()
            self._require_key()
            following = replace(change(state), number=state.number + 1)
            created = self._bucket.create(f"states/{following.number:08}.json", following.as_json())
            return following if created else None

        if committed := retried(attempt, _TRIES):
            return committed
        raise InputError(f"{self.shown}: others changed it {_TRIES} times meanwhile; try again")

    def _show(self, state: _State) -> None:
        """Write what visitors read, until no newer state has appeared meanwhile: the last one to write reads
        the newest state."""
        while True:
            builds = self._builds(state)
            latest = next(build for build in builds if build.id == state.latest)
            before = self._bucket.read(INDEX) if INDEX in self._bucket.sizes() else b""
            index = index_bytes(builds, latest, state.canary, next_change(before))
            if self._key:
                self._bucket.write(INDEX_SIGNATURE, _signature(index, self._key), changes=True)
            self._bucket.write(INDEX, index, changes=True)
            stub = next(file for file in latest.files if file.path == ENTRY)
            self._bucket.write(ENTRY, self._bucket.read(_name_of(stub)), changes=True)
            if (newest := self._state()).number == state.number:
                return
            state = newest

    def _upload(self, site: Path, build: Build) -> int:
        """Write the files that are not there yet; their bytes."""
        sizes, new = self._bucket.sizes(), 0
        for file in build.files:
            for name in _names_of_file(file, build):
                if sizes.get(name) == file.size:
                    continue
                if (found := sha256_of(site / file.path)) != file.sha256:
                    problem = f"{file.path}: found SHA-256 {found}, expected {file.sha256}"
                    raise SiteError(site, site_problems(site) or [problem])
                self._bucket.write_file(name, site / file.path)
                sizes[name] = file.size
                new += file.size
        return new

    def _require_own(self, state: _State) -> None:
        """Raise InputError for a place that holds something else."""
        if state.number == 0 and (names := sorted(self._bucket.sizes())):
            known = ("objects/", "builds/", "models/")
            if others := [name for name in names if not name.startswith(known) and not is_hashed(name)]:
                shown = ", ".join(others[:3])
                raise InputError(f"{self.shown}: it holds {shown} and is no store; name an empty place")

    def _require_key(self) -> None:
        if self._key is None and INDEX_SIGNATURE in self._bucket.sizes():
            raise InputError(f"{self.shown}: its index is signed, and pages may require that; add --sign KEY")


def _name_of(file: FileRecord) -> str:
    """Under its own name where that has the hash of the content, else by the hash."""
    return file.path if is_hashed(file.path) else f"objects/{file.sha256}"


def _names_of_file(file: FileRecord, build: Build) -> tuple[str, ...]:
    manifest = manifest_name(manifest_of(build).sha256)
    more = {MANIFEST: (manifest,), SIGNATURE: (f"{manifest}.sig",)}.get(file.path, ())
    return (_name_of(file), *more)


def _names_of(build: Build) -> set[str]:
    return {name for file in build.files for name in _names_of_file(file, build)}


def _signature(index: bytes, key: SigningKey) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        path, signature = Path(name) / INDEX, Path(name) / INDEX_SIGNATURE
        path.write_bytes(index)
        sign_file(path, signature, key)
        return signature.read_bytes()

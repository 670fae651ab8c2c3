"""Checkpoints at URLs, pinned by their SHA-256."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.tiny_network import write_many
from torch2web.catalog import ModelSpec, load_catalog
from torch2web.errors import CatalogError, CheckpointError
from torch2web.pipeline import choose_models
from torch2web.pipeline.conversions import Conversions, ConversionSettings
from torch2web.pipeline.remote_checkpoints import fetch, kept_path, shown
from torch2web.site.manifest import Backends
from torch2web.store import sha256_of


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def spec_of(folder: Path, url: str, pinned: str | None = None) -> ModelSpec:
    """The tiny network whose checkpoint is at `url`; `pinned` None pins the right file."""
    write_many(folder, 1)
    path = folder / "many.toml"
    sha256 = sha256_of(folder / "m0.pth") if pinned is None else pinned
    entry = f'checkpoint = "{url}"' + (f'\nsha256 = "{sha256}"' if sha256 else "")
    path.write_text(path.read_text().replace('checkpoint = "m0.pth"', entry))
    (spec,) = load_catalog(path)
    return spec


def test_fetched_once_and_kept(server: str, tmp_path: Path) -> None:
    spec = spec_of(tmp_path, f"{server}/m0.pth?token=secret")
    ((_, path),) = choose_models(tmp_path / "many.toml", cache=tmp_path / "cache")
    assert path == kept_path(spec, tmp_path / "cache")
    assert path is not None
    settings = ConversionSettings(tmp_path / "cache", Backends.BOTH, allow_dead=False, faces=False)
    conversions = Conversions.create(settings)
    assert conversions.cached(spec, path) is None, "without fetching it"
    assert conversions.weights_of(spec, path).name == "m0.pth"
    fetch(spec, path)
    assert path.read_bytes() == (tmp_path / "m0.pth").read_bytes()
    (tmp_path / "m0.pth").unlink()
    fetch(spec, path)
    local = {**conversions.inputs(spec, path, conversions.weights_of(spec, path), planned=True)}
    assert "secret" not in str(local)


def test_a_file_of_another_hash_is_refused(server: str, tmp_path: Path) -> None:
    spec = spec_of(tmp_path, f"{server}/m0.pth", "0" * 64)
    path = kept_path(spec, tmp_path)
    with pytest.raises(CheckpointError, match=f"expected {'0' * 64} .sha256 in the catalogue"):
        fetch(spec, path)
    assert not path.exists()
    assert [entry.name for entry in (tmp_path / "checkpoints").iterdir()] == []


def test_what_cannot_be_fetched_is_named_without_secrets(server: str, tmp_path: Path) -> None:
    spec = spec_of(tmp_path, f"{server}/none.pth?token=secret")
    with pytest.raises(CheckpointError, match=r"none\.pth: it cannot be fetched: .*") as raised:
        fetch(spec, kept_path(spec, tmp_path))
    assert "secret" not in str(raised.value)
    unknown = spec_of(tmp_path, "nothing://bucket/m0.pth")
    with pytest.raises(CheckpointError, match=r"nothing://bucket/m0\.pth: it cannot be fetched"):
        fetch(unknown, kept_path(unknown, tmp_path))
    assert shown("https://user:word@host:1/a/b.pth?key=1#x") == "https://host:1/a/b.pth"


def test_a_url_needs_a_hash(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"models\[0\]\.sha256: is missing: a checkpoint at a URL"):
        spec_of(tmp_path, "s3://bucket/m0.pth", "")


def test_a_file_may_be_pinned_too(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "m0.pth", "0" * 64)
    settings = ConversionSettings(tmp_path / "cache", Backends.BOTH, allow_dead=False, faces=False)
    with pytest.raises(CheckpointError, match=r"found SHA-256 .*, expected 0000"):
        Conversions.create(settings).cached(spec, tmp_path / "m0.pth")

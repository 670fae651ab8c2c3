"""The server of `serve --parity`, over HTTP."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.outcomes import as_json, failed, outcome_of, passed, tiny_site
from tests.patience import PATIENCE
from torch2web.cli.serving import in_a_line
from torch2web.errors import OutputError
from torch2web.serve.parity.outcome import Outcome
from torch2web.serve.parity.receive import MAX_BYTES, ParityHandler, Post, require_verify_page
from torch2web.serve.static.server import create_server

TOKEN = "a-token-of-this-test"
"""Sent in every address that is not refused for it."""


@dataclass
class Running:
    site: Path
    folder: Path
    port: int
    arrived: list[Outcome]

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def post(self, outcome: dict[str, Any], token: str = TOKEN) -> tuple[int, str]:
        return self.request("POST", f"/outcome?token={token}", as_json(outcome))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    site, folder = tiny_site(tmp_path / "site"), tmp_path / "parity"
    arrived: list[Outcome] = []
    handler = partial(ParityHandler, post=Post(site, folder, TOKEN, arrived.append))
    with create_server(site, 0, handler=handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Running(site, folder, server.server_port, arrived)
        server.shutdown()


def test_outcome_is_saved_printed_and_reported(running: Running) -> None:
    sent = outcome_of(running.site)
    assert running.post(sent) == (201, "The outcome was saved.\n")
    (path,) = running.folder.iterdir()
    kept = json.loads(path.read_text())
    kept.pop("received")
    assert kept == sent
    (outcome,) = running.arrived
    line = in_a_line(outcome)
    assert line.startswith(
        "Firefox 150 on Android 16: passed; 1 tests (1 passed, 0 failed, 0 skipped) in 41 s;"
    )
    assert line.endswith("; tiny off by at most 0.0000031")
    status, page = running.request("GET", "/report.html?again")
    assert status == 200
    assert "Firefox 150 on Android 16" in page
    assert running.request("HEAD", "/report.html") == (200, "")


def raw(body: bytes) -> Callable[[Path], bytes]:
    return lambda _: body


def changed(**changes: Any) -> Callable[[Path], bytes]:
    return lambda site: as_json(outcome_of(site, **changes))


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (raw(b""), 422, "it is not valid JSON"),
        (raw(b"verdict=passed"), 422, "it is not valid JSON"),
        (raw(b"\xff\xfe"), 422, "it is not valid JSON"),
        (raw(b"[" * 100_000), 422, "nested too deeply"),
        (raw(b"[]"), 422, "found JSON of type list, expected an object"),
        (raw(b"{}"), 422, "schema_version: is missing"),
        (changed(seconds=float("nan")), 422, "found NaN, which is not valid JSON"),
        (changed(seconds=-1), 422, "seconds: found -1, expected at least 0"),
        (changed(seconds="41"), 422, 'seconds: found "41", expected a number'),
        (
            lambda site: changed(seconds=0)(site).replace(b'"seconds": 0,', b'"seconds": 1e999,'),
            422,
            "seconds",
        ),
        (
            changed(verdict="fine"),
            422,
            'verdict: found "fine", expected one of "passed", "failed", "incomplete"',
        ),
        (changed(tests=[]), 422, 'verdict: found "passed" where of the tests 0 failed and 0 passed'),
        (changed(tests=[passed("")]), 422, "tests[0].name: found an empty string"),
        (changed(extra=1), 422, "extra: unknown key"),
        (
            changed(user_agent="x" * 3000),
            422,
            "user_agent: found a string of 3,000 characters, expected at most 2,000",
        ),
        (changed(manifest_sha256="../../etc"), 422, "manifest_sha256: found"),
        (
            changed(manifest_sha256="0" * 64),
            409,
            "of another build: found 00000000, expected 44136fa3",
        ),
        (changed(manifest_sha256=""), 409, "of another build: found none"),
        (raw(b" " * (MAX_BYTES + 1)), 413, "The outcome is 4,194,305 bytes, expected at most 4,194,304"),
    ],
)
def test_refused(running: Running, body: Callable[[Path], bytes], status: int, sentence: str) -> None:
    found, text = running.request("POST", f"/outcome?token={TOKEN}", body(running.site))
    assert found == status
    assert sentence in text
    assert "Reload the page and check again" in text
    assert len(text) < 500
    assert not running.folder.exists()
    assert running.arrived == []


@pytest.mark.parametrize(
    "path",
    [
        "/outcome",
        "/outcome?token=",
        f"/outcome?token={TOKEN[:-1]}",
        f"/outcome?token={TOKEN}x",
        f"/outcome?token=x&token={TOKEN}",
        "/outcome?token=%F0%9F%92%A9",
        f"/outcome?post={TOKEN}",
    ],
)
def test_refused_without_the_token(running: Running, path: str) -> None:
    status, text = running.request("POST", path, as_json(outcome_of(running.site)))
    assert status == 403
    assert "The token is missing or expired" in text
    assert "Open the address that it shows now" in text
    assert not running.folder.exists()


@pytest.mark.parametrize(
    ("headers", "status", "sentence"),
    [
        ({}, 411, "no Content-Length"),
        ({"Transfer-Encoding": "chunked"}, 411, "no Content-Length"),
        ({"Content-Length": "-5"}, 400, "Content-Length is not a number"),
        ({"Content-Length": "1e3"}, 400, "Content-Length is not a number"),
        ({"Content-Length": "٥"}, 400, "Content-Length is not a number"),
        ({"Content-Length": "9" * 5000}, 400, "Content-Length is not a number"),
    ],
)
def test_refused_without_a_length(
    running: Running, headers: dict[str, str], status: int, sentence: str
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
    connection.putrequest("POST", f"/outcome?token={TOKEN}")
    for name, value in headers.items():
        connection.putheader(name, value.encode())
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == status
    assert sentence in response.read().decode()
    assert response.will_close, "what follows on the connection is no request"
    connection.close()


def test_connection_lost_half_way_saves_nothing(running: Running) -> None:
    body = as_json(outcome_of(running.site))
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
    connection.putrequest("POST", f"/outcome?token={TOKEN}")
    connection.putheader("Content-Length", str(len(body) + 1))
    connection.endheaders(body)
    assert connection.sock is not None
    connection.sock.shutdown(1)
    response = connection.getresponse()
    assert response.status == 400
    assert f"{len(body):,} bytes arrived, expected {len(body) + 1:,}" in response.read().decode()
    connection.close()
    assert not running.folder.exists()


def test_posts_elsewhere_are_refused(running: Running) -> None:
    status, text = running.request("POST", f"/report.html?token={TOKEN}", b"{}")
    assert (status, "Post outcomes to /outcome" in text) == (404, True)


def test_full_disk_is_named(running: Running) -> None:
    running.folder.write_text("a file where the folder should be")
    status, text = running.post(outcome_of(running.site))
    assert status == 507
    assert "could not be saved" in text
    assert running.arrived == []


def test_rebuilt_site_takes_outcomes_of_the_new_build_only(running: Running) -> None:
    old = outcome_of(running.site)
    (running.site / "models/model_info.json").write_text("{ }")
    assert running.post(old)[0] == 409
    assert running.post(outcome_of(running.site))[0] == 201


def test_report_of_a_site_that_was_damaged_meanwhile_says_so(running: Running) -> None:
    (running.site / "models/model_info.json").write_text("{")
    status, text = running.request("GET", "/report.html", b"")
    assert status == 500
    assert "it is not valid JSON" in text


def test_many_failures_fit(running: Running) -> None:
    """All tests of three models, each with the longest message that the page sends."""
    tests = [failed(f"in_page/test_tensors.py::test_tensor[{number}]", "x" * 4002) for number in range(750)]
    assert running.post(outcome_of(running.site, verdict="failed", tests=tests))[0] == 201


def test_a_line_for_each_outcome_is_one_line(running: Running) -> None:
    problem = "first\nsecond \x1b[2J" + "x" * 1000
    changes = {"verdict": "incomplete", "problem": problem, "tests": [], "models": []}
    assert running.post(outcome_of(running.site, **changes))[0] == 201
    line = in_a_line(running.arrived[0])
    assert line.isprintable()
    assert "incomplete; 0 tests" in line
    assert "; first second �[2Jxxx" in line
    assert len(line) < 400


def test_plain_server_takes_no_posts(tmp_path: Path) -> None:
    site = tiny_site(tmp_path / "site")
    with create_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running = Running(site, tmp_path / "parity", server.server_port, [])
        assert running.post(outcome_of(site))[0] == 501
        assert running.request("GET", "/report.html")[0] == 404
        server.shutdown()


def test_site_without_the_page(tmp_path: Path) -> None:
    site = tiny_site(tmp_path / "site")
    require_verify_page(site)
    (site / "verify.html").unlink()
    with pytest.raises(OutputError, match="--no-verify-page; build it again without that option"):
        require_verify_page(site)

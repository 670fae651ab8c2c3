"""The processes of `serve --api`: load, limits of time, workers that die, and an orderly end."""

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import IncompleteRead
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.unit.server.served import Served, picture, serving, until, write_tiny_site
from tests.unit.server.test_api import encoded


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_site(tmp_path_factory.mktemp("served"))


PICTURES = [encoded(picture(seed=seed)) for seed in range(4)]


class Upload:
    """A client that sends the head of a request and the first half of its picture."""

    def __init__(self, served: Served) -> None:
        self._socket = socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE)
        head = f"POST /api/predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PICTURES[0])}\r\n\r\n"
        self._socket.sendall(head.encode() + PICTURES[0][:100])

    def finish(self) -> bytes:
        """Send the rest; the answer."""
        self._socket.sendall(PICTURES[0][100:])
        return self.read()

    def read(self) -> bytes:
        """What comes until the server closes or has answered."""
        received = b""
        while b"}" not in received or not received.rstrip().endswith(b"}"):
            chunk = self._socket.recv(65536)
            if not chunk:
                break
            received += chunk
        self._socket.close()
        return received


def test_full_queue(site: Path, tmp_path: Path) -> None:
    with serving(site, tmp_path / "log", "--max-queue", "2") as served:
        slow = [Upload(served), Upload(served)]
        served.wait_for_metric("accepted_requests 2.0")
        refused = served.ask("/api/predict", PICTURES[0])
        assert refused.status == 503
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert served.ask("/healthz").status == 200
        for upload in slow:
            assert b" 200 OK" in upload.finish()
        served.wait_for_metric("accepted_requests 0.0")
        assert served.ask("/api/predict", PICTURES[0]).status == 200


def test_request_that_takes_too_long(site: Path, tmp_path: Path) -> None:
    with serving(site, tmp_path / "log", "--timeout", "2") as served:
        assert b" 408 " in Upload(served).read()
        served.wait_for_metric("accepted_requests 0.0")
        assert served.ask("/healthz").status == 200


def test_accepted_requests_are_answered_when_the_server_stops(site: Path, tmp_path: Path) -> None:
    with serving(site, tmp_path / "log", "--workers", "2") as served:
        until(lambda: len(served.workers()) == 2)
        upload = Upload(served)
        served.wait_for_metric("accepted_requests 1.0")
        os.kill(served.pid, signal.SIGTERM)
        until(lambda: not listening(served))
        assert b" 200 OK" in upload.finish()


def listening(served: Served) -> bool:
    try:
        socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE).close()
    except ConnectionError:
        return False
    return True


@pytest.fixture
def two_workers(site: Path, tmp_path: Path) -> Iterator[Served]:
    with serving(site, tmp_path / "log", "--workers", "2") as served:
        until(lambda: len(served.workers()) == 2)
        yield served


def test_killed_workers_are_replaced_and_no_answer_is_wrong(two_workers: Served) -> None:
    served, stop = two_workers, threading.Event()
    expected = [served.ask("/api/predict", content).json["logits"] for content in PICTURES]
    found: Counter[str] = Counter()

    def ask(first: int) -> None:
        index = first
        while not stop.is_set():
            index = (index + 1) % len(PICTURES)
            try:
                reply = served.ask("/api/predict", PICTURES[index], timeout=PATIENCE)
                right = reply.status == 200 and reply.json["logits"] == pytest.approx(
                    expected[index], abs=1e-5
                )
                found["right" if right else f"wrong: {reply.content!r}"] += 1
            except (ConnectionError, IncompleteRead):
                found["cut off"] += 1
            except TimeoutError:
                found["hung"] += 1

    clients = [threading.Thread(target=ask, args=(index,)) for index in range(6)]
    for client in clients:
        client.start()
    for _ in range(3):
        before = set(served.workers())
        time.sleep(1)
        os.kill(min(before), signal.SIGKILL)
        until(lambda before=before: len(served.workers()) == 2 and set(served.workers()) != before)
    until(lambda: found["right"] > 50)
    stop.set()
    for client in clients:
        client.join(120)
    assert found.pop("right") > 50
    assert found.pop("cut off", 0) <= 3 * len(clients)
    assert not found, found
    served.wait_for_metric("torch2web_worker_ends_total 3.0")


def test_worker_that_does_not_answer_is_replaced(two_workers: Served) -> None:
    """Stopped by a signal that no process can ignore: its event loop gives no sign of life."""
    stopped = two_workers.workers()[0]
    os.kill(stopped, signal.SIGSTOP)
    until(lambda: stopped not in two_workers.workers())
    until(lambda: len(two_workers.workers()) == 2)
    assert two_workers.ask("/api/predict", PICTURES[0]).status == 200


def test_workers_end_with_their_supervisor(site: Path, tmp_path: Path) -> None:
    def kill_supervisor() -> None:
        with serving(site, tmp_path / "log") as served:
            workers.extend(served.workers())
            os.kill(served.pid, signal.SIGKILL)

    workers: list[int] = []
    with pytest.raises(IndexError):  # nothing says "stopped"
        kill_supervisor()
    (worker,) = workers
    until(lambda: not Path(f"/proc/{worker}").exists() or "zombie" in state_of(worker))


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


def test_clients_that_send_nothing_are_let_go(site: Path, tmp_path: Path) -> None:
    with serving(site, tmp_path / "log") as served:
        connections = [
            socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) for _ in range(3)
        ]
        connections[1].sendall(b"GET /healthz HTTP/1.1\r\nHost:")
        connections[2].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while b"}" not in received:
            received += connections[2].recv(4096)
        connections[2].sendall(b"GET /heal")
        for connection in connections:
            assert connection.recv(4096) == b""
            connection.close()


def test_memory_is_flat(site: Path, tmp_path: Path) -> None:
    large = encoded(picture(900, 900), "JPEG")
    with serving(site, tmp_path / "log") as served:
        (worker,) = served.workers()
        sizes = []
        for _ in range(3):
            for _ in range(250):
                assert served.ask("/api/predict", large).status == 200
                assert served.ask("/api/predict", large[:-2000] + b"x").status in (200, 422)
            sizes.append(int(state_of(worker).partition("VmRSS:")[2].split()[0]) / 1024)
        assert sizes[2] < sizes[0] + 8, f"MiB after each 500 requests: {sizes}"

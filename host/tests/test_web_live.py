"""Server-sent events over real sockets: a cut loses no event, a slow client costs nothing, and there is an end to clients."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from davy.monitor.web import WebServer
from support.seeded import CRITICAL, NOON_MS, NORMAL, Seeded, alarm, source_of

KITCHEN = source_of(1)
WAIT_S = 30.0


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Seeded]:
    made = Seeded(tmp_path / "davy.sqlite")
    made.device(KITCHEN, "88.118.8/GA26000001", NOON_MS)
    made.states(KITCHEN, [(NOON_MS, NORMAL)])
    yield made
    made.close()


@contextmanager
def serving(seeded: Seeded, **limits: Any) -> Iterator[WebServer]:
    server = WebServer(seeded.path, "127.0.0.1", 0, **limits)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Stream:
    """One client of /api/live; next() gives (name, id, data), comments as ("", "", text)."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self, name: str) -> tuple[str, Any]:
        """(id, data) of the next message of that name; "" is a comment."""
        seen: dict[str, str] = {}
        for line in self._lines:
            field, _, value = line.partition(": ")
            if name == "" and line.startswith(":"):
                return "", line[1:].strip()
            if line:
                seen[field] = value
                continue
            if seen.get("event") == name:
                return seen.get("id", ""), json.loads(seen["data"])
            seen = {}
        raise AssertionError(f"the stream ended before a message {name!r}")


@contextmanager
def listening(server: WebServer, query: str = "", headers: dict[str, str] | None = None) -> Iterator[Stream]:
    with httpx.stream("GET", f"{server.url}/api/live{query}", headers=headers, timeout=WAIT_S) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer.iter_lines())


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Asked again until it is so: what is waited for happens in the server, and only asking shows it."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {WAIT_S:g} s: {what}"
        time.sleep(0.02)


def clients(server: WebServer) -> int:
    return int(httpx.get(f"{server.url}/api/health").json()["live_clients"])


def test_a_client_is_told_how_all_is_then_what_changes(seeded: Seeded) -> None:
    with serving(seeded) as server, listening(server) as stream:
        assert stream.next("device")[1]["standing"] == "normal"
        seeded.states(KITCHEN, [(NOON_MS + 1_000, CRITICAL)])
        seeded.events(KITCHEN, [(NOON_MS + 1_000, alarm(9_200))])
        assert stream.next("event")[1]["text"] == "ALARM methane critical at 9200 ppm"
        seeded.incident("link_lost", KITCHEN, NOON_MS)
        assert stream.next("incidents")[1]["incidents"][0]["kind"] == "link_lost"


def test_last_event_id_resumes_after_a_cut_without_loss_or_repetition(seeded: Seeded) -> None:
    """More than the server keeps at hand, so that most must come from the database; over a restart of the server too."""
    with serving(seeded) as server, listening(server, "?since_id=0") as stream:
        seeded.events(KITCHEN, [(NOON_MS, alarm(5_000 + number)) for number in range(3)])
        got = [stream.next("event") for _ in range(2)]
    seeded.events(KITCHEN, [(NOON_MS, alarm(5_003 + number)) for number in range(2_500)])
    with serving(seeded) as server:
        with listening(server, "?since_id=1", {"Last-Event-ID": got[-1][0]}) as stream:
            got += [stream.next("event") for _ in range(1_000)]
        with listening(server, headers={"Last-Event-ID": got[-1][0]}) as stream:
            got += [stream.next("event") for _ in range(1_501)]
            seeded.events(KITCHEN, [(NOON_MS, alarm(7_503))])
            got.append(stream.next("event"))
    assert [data["value"] for _, data in got] == list(range(5_000, 7_504))
    assert [int(number) for number, _ in got] == list(range(1, 2_505))


def test_without_an_id_only_new_events_come_and_an_id_of_another_database_does_not_deafen(seeded: Seeded) -> None:
    seeded.events(KITCHEN, [(NOON_MS, alarm(5_000))])
    with serving(seeded) as server:
        for query in ("", "?since_id=999999"):
            with listening(server, query) as stream:
                stream.next("device")
                seeded.events(KITCHEN, [(NOON_MS, alarm(6_000))])
                assert stream.next("event")[1]["value"] == 6_000
        refused = httpx.get(f"{server.url}/api/live", headers={"Last-Event-ID": "x"})
    assert (refused.status_code, refused.json()) == (422, {"error": "Last-Event-ID: should be the id of an event."})


def test_a_quiet_stream_has_a_heartbeat(seeded: Seeded) -> None:
    with serving(seeded, heartbeat_s=0.1) as server, listening(server) as stream:
        assert stream.next("") == ("", "heartbeat")
        assert stream.next("beat")[1]["now_ms"] > NOON_MS // 2


def test_one_client_too_many_is_sent_away_and_a_place_that_is_left_is_free(seeded: Seeded) -> None:
    said: list[str] = []
    with serving(seeded, most_clients=2, say=said.append) as server:
        with listening(server) as first, listening(server) as second:
            first.next("device")
            second.next("device")
            for _ in range(3):
                refused = httpx.get(f"{server.url}/api/live")
                assert refused.status_code == 503
            assert refused.json()["error"].startswith("There are as many live streams")
            assert httpx.get(f"{server.url}/api/devices").status_code == 200
        wait_for(lambda: clients(server) == 0, "the places are free again")
        with listening(server) as third:
            third.next("device")
        health = httpx.get(f"{server.url}/api/health").json()
    assert health["requests_refused"] == {"too many live streams": 3}
    assert len(said) == 1, "said once, however often"


def test_a_client_that_does_not_read_is_dropped_and_the_others_miss_nothing(seeded: Seeded) -> None:
    with serving(seeded, stall_s=0.3) as server, listening(server) as good:
        good.next("device")
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(b"GET /api/live?since_id=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for(lambda: clients(server) == 2, "both are connected")
        pushed = 0

        def dropped() -> bool:
            nonlocal pushed
            seeded.events(KITCHEN, [(NOON_MS, alarm(pushed + number)) for number in range(500)])
            assert [good.next("event")[1]["value"] for _ in range(500)] == list(range(pushed, pushed + 500))
            pushed += 500
            return clients(server) == 1

        wait_for(dropped, "the slow one is dropped")
        slow.settimeout(WAIT_S)
        with pytest.raises(ConnectionResetError):
            while slow.recv(65_536):
                pass
            raise AssertionError("it ended as if all had been sent")
        slow.close()
        refused = httpx.get(f"{server.url}/api/health").json()["requests_refused"]
    assert refused == {"reads too slowly": 1}


def test_a_request_that_is_never_sent_whole_is_dropped_on_a_new_and_on_a_used_connection(seeded: Seeded) -> None:
    with serving(seeded, request_s=0.3) as server:
        for before in (b"", b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            client = socket.create_connection(("127.0.0.1", server.port), WAIT_S)
            client.sendall(before)
            if before:
                assert client.recv(65_536).startswith(b"HTTP/1.1 200")
            client.sendall(b"GET /api/health HTTP/1.1\r\n")
            with pytest.raises(ConnectionResetError):
                while client.recv(65_536):
                    pass
                raise AssertionError("it was closed as if it had been answered")
            client.close()
        assert httpx.get(f"{server.url}/api/health").json()["requests_refused"] == {"request not sent in time": 2}


def test_garbage_is_counted_and_said_once(seeded: Seeded) -> None:
    said: list[str] = []
    with serving(seeded, say=said.append) as server:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
                client.sendall(bytes(range(256)))
                assert client.recv(65_536).startswith(b"HTTP/1.1 400")
        assert httpx.get(f"{server.url}/api/health").json()["requests_refused"] == {"no HTTP": 5}
    assert said == ["web: a request of 127.0.0.1 was refused: no HTTP (1 so far)"]


def test_stop_ends_open_streams_in_good_order(seeded: Seeded) -> None:
    with serving(seeded) as server, listening(server) as stream:
        stream.next("device")
        server.stop()
        with pytest.raises(AssertionError, match="the stream ended"):
            stream.next("never")

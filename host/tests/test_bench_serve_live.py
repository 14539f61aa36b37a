"""The station's stream: the board at once, and again when it has changed; and the command that serves it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from davy.bench.serve import BenchServer
from davy.bench.serve.live import BoardLive
from support.bench_pages import WAIT_S, serving, tile, words
from support.bench_records import Run


@pytest.fixture
def records(tmp_path: Path) -> Path:
    made = tmp_path / "records"
    made.mkdir()
    return made


class Stream:
    """One client of /api/live; next() gives the data of the next message of a name, comments as text for the name ""."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self, name: str) -> Any:
        seen: dict[str, str] = {}
        for line in self._lines:
            field, _, value = line.partition(": ")
            if line:
                seen[field] = value
                continue
            if seen.get("event") == name:
                return json.loads(seen["data"])
            assert "event" not in seen or seen["event"] == "beat", f"{seen['event']} before {name}"
            seen = {}
        raise AssertionError(f"the stream ended before a message {name!r}")


@contextmanager
def listening(server: BenchServer) -> Iterator[Stream]:
    with httpx.stream("GET", f"{server.url}/api/live", timeout=WAIT_S) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer.iter_lines())


def test_a_client_is_told_the_board_at_once_and_again_when_it_changes_and_else_only_a_beat(records: Path) -> None:
    run = Run(records, "bench 1", "GA1", planned=2)
    with serving(records, heartbeat_s=0.3) as server, listening(server) as stream:
        assert "0 of 2" in tile(stream.next("board")["html"], "bench 1")
        before_ms = int(time.time() * 1000)
        for _ in range(2):
            told_ms = stream.next("beat")["now_ms"]
            assert told_ms >= before_ms, "a board that is as it was is not told again"
        run.ended("test_it_boots")
        wait_for_words(stream, "bench 1", "1 of 2")
        run.finish()
        told = wait_for_words(stream, "bench 1", "PASS")
        assert "GA1" in words(re.findall(r"<tr id=.*?</tr>", told, re.DOTALL)[0]), "the last unit, out of the history"
        Run(records, "bench 2", "GA2").recorder.begin("test_it_boots")
        wait_for_words(stream, "bench 2", "TESTING")


def wait_for_words(stream: Stream, bench: str, wanted: str) -> str:
    """The first board on which that bench's tile says so; the ones between are of files on their way."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        page = str(stream.next("board")["html"])
        if f'aria-label="Bench {bench}"' in page and wanted in tile(page, bench):
            return page
    raise AssertionError(f"not within {WAIT_S:g} s: {bench} says {wanted}")


def test_a_mistake_of_the_page_ends_the_streams_with_its_cause_rather_than_stopping_them_silently() -> None:
    boards = ["the first"]

    async def follow() -> list[str]:
        live = BoardLive(boards.pop, heartbeat_s=WAIT_S)
        assert live.enter()
        looking = asyncio.ensure_future(live.run())
        got = []
        try:
            with pytest.raises(RuntimeError, match="the board cannot be shown") as raised:
                async for piece in live.stream(None):
                    got.append(piece)
            assert isinstance(raised.value.__cause__, IndexError)
        finally:
            live.close()
            await looking
        return got

    assert "the first" in asyncio.run(asyncio.wait_for(follow(), WAIT_S))[1]


def test_one_client_too_many_is_sent_away(records: Path) -> None:
    with serving(records, most_clients=1) as server:
        with listening(server) as first:
            first.next("board")
            assert httpx.get(f"{server.url}/api/live").status_code == 503
            assert httpx.get(server.url).status_code == 200
            assert httpx.get(f"{server.url}/health").json()["live_clients"] == 1
        deadline = time.monotonic() + WAIT_S
        while httpx.get(f"{server.url}/health").json()["live_clients"]:
            assert time.monotonic() < deadline, "the place is free again"


def test_the_command_serves_until_it_is_told_to_end(records: Path) -> None:
    Run(records, "bench 1", "GA1").ended("test_it_boots").finish()
    with serving(records) as server:
        port = server.port  # free again in a moment
    program = "import sys, typer; from davy.cli.bench_serve_command import serve; typer.run(serve)"
    arguments = ["--records", str(records), "--listen", f"127.0.0.1:{port}"]
    process = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.endswith(f"the page of {records} at http://127.0.0.1:{port}\n")
    assert "GA1" in httpx.get(f"http://127.0.0.1:{port}").text
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=WAIT_S)
    assert (process.returncode, rest[-6:]) == (0, "ended\n")

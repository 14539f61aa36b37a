"""`davy monitor --web`, as a program: the page and the API beside the broker."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from davy.monitor.held_port import HeldPort
from support.monitor_program import MonitorProgram
from support.radio import WAIT_S


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """Two that no other program is given."""
    with HeldPort() as one, HeldPort() as other:
        yield one.port, other.port


def test_the_monitor_serves_its_page_and_api_beside_the_broker(tmp_path: Path, ports: tuple[int, int]) -> None:
    listen, port = ports
    monitor = MonitorProgram(tmp_path / "m.sqlite", "--listen", f"127.0.0.1:{listen}", "--web", f"127.0.0.1:{port}")
    try:
        monitor.wait_for(f"page and API at http://127.0.0.1:{port}")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=WAIT_S) as client:
            assert "<html" in client.get("/").text
            assert client.get("/api/devices").json()["devices"] == []
            assert json.loads(client.get("/openapi.json").text)["openapi"].startswith("3.")
    finally:
        assert monitor.end() == 0, monitor.lines


def test_a_page_for_others_without_tls_is_one_line_and_nothing_is_started(
    tmp_path: Path, ports: tuple[int, int]
) -> None:
    token = tmp_path / "token"
    token.write_text(secrets.token_hex(32))
    token.chmod(0o600)
    listen = f"127.0.0.1:{ports[0]}"
    for arguments, words in (
        (("--web", "0.0.0.0:8443"), "give --web-tls DIR and --web-token-file FILE as well"),
        (("--web", "0.0.0.0:8443", "--web-token-file", str(token)), "give --web-tls DIR as well"),
        (("--web-token-file", str(token)), "davy: --web: is missing"),
        (("--web", "8080"), "write HOST:PORT"),
    ):
        monitor = MonitorProgram(tmp_path / "m.sqlite", "--listen", listen, *arguments)
        assert monitor.process.wait(WAIT_S) == 2
        monitor.end()
        assert len(monitor.lines) == 1 and words in monitor.lines[0], monitor.lines
        assert not (tmp_path / "m.sqlite").exists()

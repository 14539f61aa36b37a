"""The page "your first bench", followed word for word in a shell, on an emulated bench."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.monitor.held_port import HeldPort
from support.page_shell import Shell, commands_of

COMMANDS = commands_of("first-bench.md")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    found = Shell(tmp_path)
    yield found
    found.close()


@pytest.fixture
def port() -> Iterator[str]:
    """Instead of the page's own, which may be taken on this machine."""
    with HeldPort() as held:
        yield str(held.port)


@pytest.mark.timeout(300)
def test_the_page_leads_from_nothing_to_a_record_of_a_device(shell: Shell, port: str, tmp_path: Path) -> None:
    said: dict[str, str] = {}
    for command in COMMANDS:
        status, text = shell.say(command.replace("8090", port), within_s=200)
        if "emulate" in command:
            text += shell.read_until(re.compile("ends with Ctrl-C"), 60)
        elif "serve" in command:
            text += shell.read_until(re.compile(rf"http://127.0.0.1:{port}"), 60)
        assert status == 0, f"{command}\n{text}"
        said[command] = text
    check, listed, latch, whole, history, trend = (
        next(text for line, text in said.items() if each in line)
        for each in ("check", "--list", '-k "latch"', "--junit", "history", "trend")
    )
    assert "SOUND  emulated-1" in check
    assert "test_the_latch_survives_a_power_cut" in listed
    assert re.search(r"PASS  GA26000001 on emulated-1: \d+ passed, 0 failed", latch)
    assert re.search(r"PASS  GA26000001 on emulated-1: 5\d passed, 0 failed", whole)
    assert history.count("GA26000001") == 2
    assert "methane_alarm_time" in trend
    written = sorted((tmp_path / "records" / "GA26000001").glob("*.json"))
    assert ['"Davy, H."' in each.read_text() for each in written] == [False, True]
    assert (tmp_path / "bench.xml").read_text().count("<testcase") >= 50
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=30).read().decode()
    assert "GA26000001" in page

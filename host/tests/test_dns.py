"""Name look-up that blocks nothing: which answers are believed, and what a bad name server costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.board import name_server
from davy.board.network import AccessPoint
from davy.paths import FIRMWARE
from report import dns
from support import interpreters
from support.bench_board import Bench
from support.net_board import net_board

PORTABLE = Path(__file__).parent / "portable"
HOST = "broker.davy.lan"
MAIN = """
from report import datagram
async def main():
    while True:
        began = time.ticks_ms()
        try:
            said = await datagram.look_up("broker.davy.lan", wlan.ifconfig()[3])
        except Exception as error:
            said = repr(error)
        print(said, "after", time.ticks_diff(time.ticks_ms(), began), "worst", worst[0])
        await asyncio.sleep_ms(100)
asyncio.run(main())
"""


@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_answers_are_judged_the_same_on(interpreter: str) -> None:
    assert len(interpreters.run_portable(interpreter, "dns_cases", [FIRMWARE, PORTABLE])) == 12


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = net_board(tmp_path_factory.mktemp("dns"), MAIN, AccessPoint({HOST: ("127.0.0.1", 1)}))
    with made.board:
        yield made


def asked(bench: Bench, mood: name_server.Mood) -> tuple[str, int, int]:
    """(what the board says of the first look-up under this mood, its ms, the worst gap of its timer so far)."""
    access_point = bench.board.access_point
    assert access_point is not None
    access_point.dns = mood
    seen, deadline_ms = len(bench.console()), bench.board.now_ms + 30_000
    # The first line may still be of the mood before.
    while len(bench.console()) < seen + 2:
        assert bench.board.now_ms < deadline_ms, bench.console()
        bench.board.run_for(0.5)
    said, _, rest = bench.console()[seen + 1].partition(" after ")
    took_ms, _, worst_ms = rest.partition(" worst ")
    assert access_point.refused_datagrams == []
    return said, int(took_ms), int(worst_ms)


@pytest.mark.parametrize("mood", ["good", "alias"])
def test_a_name_becomes_an_address_within_a_look(mood: name_server.Mood, bench: Bench) -> None:
    said, took_ms, _ = asked(bench, mood)
    assert said == "198.51.100.1"
    assert took_ms <= 40


#: Mood -> (what is said, wall of the look-up in ms).
TROUBLE: dict[name_server.Mood, tuple[str, int]] = {
    "nxdomain": ("no such name", 40),
    "servfail": ("name server error 2", 40),
    "truncated": ("an answer too long", 40),
    "silent": ("no answer from the name server", 4_040),
    "garbage": ("no answer from the name server", 4_040),
    "stranger": ("no answer from the name server", 4_040),
    "wrong_id": ("no answer from the name server", 4_040),
    "late": ("no answer from the name server", 4_040),
}


@pytest.mark.parametrize("mood", TROUBLE)
def test_a_bad_name_server_is_told_in_time_and_no_step_is_late(mood: name_server.Mood, bench: Bench) -> None:
    said, took_ms, worst_ms = asked(bench, mood)
    words, limit_ms = TROUBLE[mood]
    assert words in said
    assert took_ms <= limit_ms
    assert worst_ms <= 110, "the port's own look-up takes seconds in one call"


def test_after_all_that_a_good_answer_is_believed_again(bench: Bench) -> None:
    for mood in TROUBLE:
        asked(bench, mood)
        assert asked(bench, "good")[0] == "198.51.100.1", mood


def test_the_access_points_server_takes_nothing_but_a_question() -> None:
    question = dns.query(7, HOST)
    for bad in (b"", question[:-1], question + b"\x00", b"\xff" * 40, question.replace(b"\x00\x01\x00\x01", bytes(4))):
        with pytest.raises(name_server.BadQuestion):
            name_server.reply(bad, lambda name: None, "good")
    assert name_server.parse_question(question) == (7, HOST)

"""The time of day: asked for without blocking, believed only when it can be right, and counted from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from davy.board import time_server
from davy.board.network import AccessPoint
from davy.paths import FIRMWARE
from report import sntp
from support import interpreters
from support.net_board import net_board

PORTABLE = Path(__file__).parent / "portable"
FLOOR_S = 1_795_564_800
MAIN = """
from drivers.wall_clock import WallClock
from report.clock import Clock
from report.timekeeper import Timekeeper
calendar = WallClock()
clock = Clock(1_795_564_800, calendar)
keeper = Timekeeper("ntp.davy.lan", clock, lambda: wlan.ifconfig()[3])
async def main():
    await keeper.first()
    asyncio.create_task(keeper.run())
    while True:
        print("now", clock.now_s(), calendar.read_s(), clock.source, worst[0])
        await asyncio.sleep_ms(1000)
asyncio.run(main())
"""


@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_answers_are_judged_and_time_is_counted_the_same_on(interpreter: str) -> None:
    assert len(interpreters.run_portable(interpreter, "clock_cases", [FIRMWARE, PORTABLE])) == 10


def times(lines: list[str]) -> list[tuple[int | None, int, int, int]]:
    """(clock or None, calendar, source, worst gap) of each line, unix seconds and ms."""
    found = []
    for line in lines:
        if line.startswith("now "):
            now, calendar, source, worst = line[4:].split()
            found.append((None if now == "None" else int(now), int(calendar), int(source), int(worst)))
    return found


def test_the_clock_follows_the_access_points_across_the_wrap_of_the_ticks_and_the_next_question(tmp_path: Path) -> None:
    access_point = AccessPoint()
    bench = net_board(tmp_path, MAIN, access_point, ticks_start=(1 << 30) - 60_000)
    with bench.board as board:
        board.run_for(7 * 3_600)
        last_ms = max(event.t_ms for event in bench.events if event.kind == "console")
    found = times(bench.console())
    now_s, calendar_s, source, worst_ms = found[-1]
    true_s = access_point.epoch_s + last_ms // 1000
    assert now_s is not None
    assert abs(now_s - true_s) <= 1
    assert abs(calendar_s - true_s) <= 1
    assert source == 1
    assert worst_ms <= 110
    assert access_point.refused_datagrams == []


#: Mood -> what is told.
TROUBLE: dict[time_server.Mood, str] = {
    "silent": "no answer from the time server",
    "late": "no answer from the time server",
    "other_originate": "no answer from the time server",
    "early": "the time server's time cannot be right",
    "far": "the time server's time cannot be right",
    "kiss": "the time server turns us away",
    "unsynchronised": "the time server does not know the time",
}


@pytest.mark.parametrize("mood", TROUBLE)
def test_a_bad_time_server_leaves_the_time_unknown_and_the_next_question_mends_it(
    mood: time_server.Mood, tmp_path: Path
) -> None:
    access_point = AccessPoint(ntp=mood)
    bench = net_board(tmp_path, MAIN, access_point)
    with bench.board as board:
        board.run_for(20)
        before = times(bench.console())
        access_point.ntp = "good"
        board.run_for(310)
    assert [line for line in bench.console() if line.startswith("davy: no time of day")] == [
        f"davy: no time of day: {TROUBLE[mood]}"
    ]
    assert {time[0] for time in before} == {None}
    assert FLOOR_S <= before[-1][1] < FLOOR_S + 60, "certificates are checked by the day the firmware was made"
    after = times(bench.console())[-1]
    assert after[0] is not None
    assert after[2] == 1
    assert after[3] <= 110, "no step came late"


def test_the_access_points_server_takes_nothing_but_a_request() -> None:
    request = sntp.request(bytes(range(8)))
    for bad in (b"", request[:-1], request + b"\x00", sntp.request(bytes(8)), b"\x24" + request[1:], b"\xff" * 48):
        with pytest.raises(time_server.BadRequest):
            time_server.reply(bad, 0, "good")
    assert time_server.parse_request(request)[0] == 4

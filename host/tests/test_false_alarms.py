"""A shorter life in kitchen air than the benchmark's: not one alarm, not one fault, and a leak is still found."""

from __future__ import annotations

from pathlib import Path

from davy.codec import Event, EventKind
from davy.testing.board_under_test import BoardUnderTest
from davy.testing.kitchen_air import live


def test_a_morning_and_noon_of_kitchen_air_give_no_alarm_and_a_leak_is_found_after_them(tmp_path: Path) -> None:
    from davy.image.settings import Settings

    seed = 4
    kitchen = BoardUnderTest(tmp_path, seed=seed, settings=Settings.wired_only(serial_state_ms=60_000))
    try:
        kitchen.make_ready()
        days = list(live(kitchen.board, 0.6, seed))
        assert days[-1] > 0.59
        kinds = [event.kind for event in kitchen.messages(Event)]
        assert EventKind.ALARM not in kinds, f"seed {seed}"
        assert EventKind.FAULT not in kinds, f"seed {seed}"
        assert kitchen.valve == "open"
        kitchen.leak(10)
        kitchen.run_until(lambda: kitchen.valve == "closed", within_s=1_500)
        assert kitchen.methane_ppm < 12_500
    finally:
        kitchen.close()

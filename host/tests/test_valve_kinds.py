"""Each kind of valve on the whole firmware: board file, driver, mechanism, room."""

from __future__ import annotations

from pathlib import Path

import pytest

from davy.board.virtual import WDT_RESET
from davy.image.compile import compile_mpy
from davy.paths import BOARDS, FIRMWARE
from davy.testing.board_under_test import BoardUnderTest


def board_with(kind: str, folder: Path, spoil: dict[str, bytes | None] | None = None) -> BoardUnderTest:
    path = folder / f"{kind}.toml"
    path.write_text((BOARDS / "virtual" / "board.toml").read_text().replace('kind = "held_nc"', f'kind = "{kind}"'))
    return BoardUnderTest(folder, board=str(path), spoil=spoil)


@pytest.mark.parametrize("kind", ["pulse", "relay"])
def test_a_demanded_valve_shuts_on_a_leak_and_is_opened_at_the_valve_by_hand(kind: str, tmp_path: Path) -> None:
    unit = board_with(kind, tmp_path)
    try:
        unit.run(200)
        assert unit.valve == "open", "as installed: it needs energy to close"
        unit.leak(20)
        unit.run_until(lambda: unit.valve == "closed", within_s=600)
        assert unit.siren
        assert unit.methane_ppm < 12_500
        unit.leak(0)
        unit.plant.set_ventilation(20)
        unit.run(1_500)
        unit.press_button()
        unit.run(15)
        assert unit.valve == "closed", "the button ends the demand, and moves nothing"
        unit.open_valve_by_hand()
        unit.run(30)
        assert unit.valve == "open"
        assert "yellow" not in unit.lamp
    finally:
        unit.close()


@pytest.mark.parametrize("kind", ["pulse", "relay"])
def test_a_latched_unit_closes_again_after_a_power_cut_whatever_was_done_meanwhile(kind: str, tmp_path: Path) -> None:
    unit = board_with(kind, tmp_path)
    try:
        unit.run(200)
        unit.set_gas(methane_ppm=20_000)
        unit.run_until(lambda: unit.valve == "closed", within_s=60)
        unit.cut_power()
        unit.run(5)
        unit.open_valve_by_hand()
        assert unit.valve == "open"
        unit.restore_power()
        unit.run_until(lambda: unit.valve == "closed", within_s=5)
    finally:
        unit.close()


def test_a_held_valve_has_no_lever(tmp_path: Path) -> None:
    unit = board_with("held_nc", tmp_path)
    try:
        unit.open_valve_by_hand()
        unit.run(1)
        assert unit.valve == "closed"
    finally:
        unit.close()


FAILING = """
    def show(self, relay: int, signals: int, heater_permille: int) -> None:
        if signals & 12 == 12:
            raise RuntimeError("a fault on purpose: red and the siren")
"""


@pytest.mark.parametrize("kind", ["held_nc", "pulse", "relay"])
def test_a_step_that_fails_at_the_alarm_is_bitten_by_the_watchdog_and_comes_back_latched(
    kind: str, tmp_path: Path
) -> None:
    source = (FIRMWARE / "safety" / "outputs.py").read_text()
    broken = source.replace(
        "    def show(self, relay: int, signals: int, heater_permille: int) -> None:\n", FAILING.lstrip("\n"), 1
    )
    assert broken != source
    spoil: dict[str, bytes | None] = {"safety/outputs.mpy": compile_mpy("safety/outputs.py", broken.encode())}
    unit = board_with(kind, tmp_path, spoil=spoil)
    try:
        unit.run(200)
        if kind == "held_nc":
            unit.press_button()
            unit.run(1)
            assert unit.valve == "open"
        unit.set_gas(methane_ppm=20_000)
        unit.run_until(lambda: unit.valve == "closed", within_s=60)
        resets = [event.data["cause"] for event in unit.events if event.kind == "reset"]
        assert resets == [], "shut before the watchdog bites"
        unit.set_gas(methane_ppm=2)
        unit.run(20)
        resets = [event.data["cause"] for event in unit.events if event.kind == "reset"]
        assert resets[:1] == [WDT_RESET]
        assert unit.board.nvs.get_i32("davy", "latch") == 1
        assert unit.valve == "closed"
        assert any("a fault on purpose" in line for line in unit.console)
    finally:
        unit.close()

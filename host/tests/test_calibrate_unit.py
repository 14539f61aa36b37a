"""What a unit offers to who calibrates it, and what it keeps: on every interpreter, and as the whole firmware."""

from __future__ import annotations

import contextlib
import datetime
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy import codec
from davy.bench.calibration.desk_unit import day_of, number_of
from davy.bench.calibration.rehearsal import Rehearsal
from davy.bench.calibration.sensing import sensing_of
from davy.bench.errors import BenchError
from davy.board.flash_chip import PowerLost
from davy.board.nvs import NvsPartition
from davy.image.boardfile import load_board
from davy.image.partitions import FLASH_BYTES
from davy.paths import FIRMWARE, ROOT
from support import interpreters
from support.calibrating import OLD_DAY, TODAY, on_the_desk

PORTABLE = ROOT / "host" / "tests" / "portable"
METHANE = sensing_of(load_board("virtual"), "methane", 2_500)
CO = sensing_of(load_board("virtual"), "co", 100)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Rehearsal]:
    with on_the_desk(tmp_path) as found:
        yield found


def _days(day: datetime.date) -> int:
    return (day - datetime.date(1970, 1, 1)).days


def stored(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(NvsPartition(folder / "flash.bin").get_blob("unit", "calibration")[:-4])
    return found


@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_calibrations_and_readings_on(interpreter: str) -> None:
    assert len(interpreters.run_portable(interpreter, "calibration_cases", [FIRMWARE, PORTABLE])) == 9


def test_a_unit_tells_what_its_sensors_measure_and_by_what(desk: Rehearsal) -> None:
    desk.board.run_for(200)
    at_s, readings = desk.unit.readings()
    assert 200 <= at_s <= 205
    assert readings.methane_uv is not None and readings.co_uv is not None
    assert readings.methane_factor_permille is not None
    assert abs(readings.methane_uv / 430_000 - 1) < 0.15  # clean air in this circuit: 5 V, 20 kohm, 4.38 R0, 10/22
    assert abs(readings.co_uv / 300_000 - 1) < 0.15
    assert (readings.methane_r0_ohm, readings.co_r0_ohm, readings.co_sensitivity_pa_per_ppm) == (20_000, 5_000, None)
    assert (readings.climate_status, readings.methane_status, readings.co_status) == (0, 0, 0)
    assert abs(readings.temperature_cdegc - 2_000) < 50 and abs(readings.humidity_permille - 650) < 20
    assert abs(readings.methane_factor_permille - 1_000) < 10
    assert day_of(readings) == OLD_DAY


def test_a_new_number_is_in_force_from_the_next_start_on_and_after_a_power_cut(tmp_path: Path, desk: Rehearsal) -> None:
    desk.unit.meet()
    assert desk.unit.put(METHANE, 19_000, TODAY) is codec.Outcome.DONE
    assert number_of(METHANE, desk.unit.readings()[1]) == 20_000
    desk.board.power_cut()
    desk.board.power_on()
    desk.board.run_for(3)
    _, readings = desk.unit.readings()
    assert number_of(METHANE, readings) == 19_000
    assert number_of(CO, readings) == 5_000
    assert day_of(readings) == OLD_DAY, "of the CO sensor"
    assert desk.unit.put(CO, 5_200, TODAY) is codec.Outcome.DONE
    desk.unit.restart()
    assert day_of(desk.unit.readings()[1]) == TODAY
    assert desk.unit.state().faults == 0
    assert stored(tmp_path)["methane"] == {"part": "mq4", "r0_ohm": 19_000, "made": TODAY.isoformat()}


@pytest.mark.parametrize(("value", "outcome"), [(4_999, "REFUSED_VALUE"), (80_001, "REFUSED_VALUE"), (80_000, "DONE")])
def test_the_unit_itself_refuses_a_number_that_is_none_of_its_type(
    tmp_path: Path, desk: Rehearsal, value: int, outcome: str
) -> None:
    before = stored(tmp_path)
    assert desk.unit.put(METHANE, value, TODAY) is codec.Outcome[outcome]
    assert (stored(tmp_path) == before) == (outcome == "REFUSED_VALUE")


def test_a_calibration_that_is_taken_away_is_a_fault_and_not_a_number(desk: Rehearsal) -> None:
    assert desk.unit.put(METHANE, 0, None) is codec.Outcome.DONE
    desk.unit.restart()
    desk.board.run_for(60)
    _, readings = desk.unit.readings()
    assert number_of(METHANE, readings) is None
    assert readings.methane_status == codec.Status.UNCALIBRATED
    assert readings.methane_uv is not None, "and its voltage is still told, to calibrate by"
    assert desk.unit.state().methane_ppm is None


def test_the_age_of_a_calibration_is_told_once_the_unit_knows_the_time(desk: Rehearsal) -> None:
    for sensing in (METHANE, CO):
        desk.unit.put(sensing, sensing.nominal, TODAY)
    desk.unit.restart()
    hello = desk.unit.hello
    assert hello is not None and hello.calibration_days is None and hello.clock == codec.Clock.UNKNOWN
    noon_s = (_days(TODAY) + 3) * 86_400 + 43_200
    desk.unit.device.command(codec.CommandKind.TIME, argument=noon_s, sealed=True)
    desk.board.run_for(2)
    assert desk.unit.device.hello().calibration_days == 3


def test_a_power_cut_at_any_write_leaves_the_old_calibration_or_the_new_one_and_never_a_part_of_each(
    tmp_path: Path,
) -> None:
    seed = random.randrange(1 << 30)
    dice = random.Random(seed)
    old, seen = (20_000, OLD_DAY), set()
    with on_the_desk(tmp_path) as desk:
        desk.unit.meet()
        desk.unit.put(CO, 5_000, TODAY)  # so that the methane sensor's day is the unit's
        before = desk.board.flash_operations
        desk.unit.put(METHANE, 20_000, OLD_DAY)
        desk.board.run_for(2)
        operations = desk.board.flash_operations - before
        assert operations > 20  # some more or less, by how full a page is
        last = operations * 3 // 4
        cuts = sorted({1, last, *dice.sample(range(2, last), 6)})
        for value, cut in enumerate(cuts, 20_010):
            desk.board.cut_at_flash_operation(cut)
            with contextlib.suppress(BenchError):
                desk.unit._set(codec.Setting.CALIBRATION_DAY, _days(TODAY))
                desk.unit._set(METHANE.setting, value)
            desk.board.run_for(2)
            assert not desk.board.powered, f"seed {seed}, operation {cut}"
            desk.board.power_on()
            desk.board.run_for(4)
            _, readings = desk.unit.readings()
            now, new = (number_of(METHANE, readings), day_of(readings)), (value, TODAY)
            assert now in (old, new), f"seed {seed}, operation {cut}: {now}"
            assert number_of(CO, readings) == 5_000, f"seed {seed}, operation {cut}"
            assert desk.unit.state().faults == 0, f"seed {seed}, operation {cut}"
            seen.add(now == new)
            assert desk.unit.put(METHANE, 20_000, OLD_DAY) is codec.Outcome.DONE, f"seed {seed}, operation {cut}"
            desk.unit.restart()
    assert seen == {False, True}, f"seed {seed}: the first is before the number is kept, the last after it"


def test_a_blob_is_read_by_its_index_whatever_a_power_cut_has_left_beside_it(tmp_path: Path) -> None:
    flash = tmp_path / "flash.bin"
    for cut in range(1, 30):
        flash.write_bytes(b"\xff" * FLASH_BYTES)
        NvsPartition(flash).set_blob("unit", "calibration", b"old" * 50)
        left = [cut]

        def operation(kind: str, length: int, left: list[int] = left) -> bool:
            left[0] -= 1
            return left[0] == 0

        try:
            NvsPartition(flash, on_operation=operation).set_blob("unit", "calibration", b"newer" * 50)
        except PowerLost:
            pass
        else:
            assert cut > 10
            break
        assert NvsPartition(flash).get_blob("unit", "calibration") in (b"old" * 50, b"newer" * 50), cut

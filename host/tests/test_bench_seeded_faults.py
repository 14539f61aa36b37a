"""The bench's suite finds what it is there to find: each of its tests fails for a fault in the firmware, and no other does.

The whole matrix takes minutes: benchmarks/seeded_faults.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from davy.paths import FIRMWARE
from support.seeded_fault import Fault
from support.seeded_faults import BEYOND_FIRMWARE, FAULTS, Verdict, plant, suite_tests, try_suite

#: Fault -> tests beside those that must fail, which must not: neighbours by file, by sensor or by what they drive.
SAMPLE = {
    "misprint_in_the_curve": ("test_methane_over_range_is_an_alarm_without_a_number",),
    "open_is_clean_air": ("test_a_shorted_methane_sensor_is_a_fault_without_a_number",),
    "co_line_without_a_check": ("test_a_serial_co_module_that_falls_silent_is_a_fault",),
    "fault_hidden_by_an_alarm": ("test_a_contact_wire_that_falls_off_never_reads_as_a_closed_valve",),
    "wrong_item_fails": ("test_a_broken_coil_is_told", "test_identify_shows_which_one_it_is"),
    "record_moved_not_copied": ("test_it_proves_who_it_is", "test_it_knows_how_old_its_calibration_is"),
    "blind_for_a_minute": ("test_a_brown_out_resets_the_device_and_is_told",),
}
_LANES = 2
_SHIPPED = ""  # no fault has this name
BY_NAME = {fault.name: fault for fault in FAULTS}


def test_every_test_of_the_suite_has_a_fault_that_it_is_there_to_find() -> None:
    tests = suite_tests()
    assert len(tests) == len(set(tests))
    assert {fault.test for fault in FAULTS} | BEYOND_FIRMWARE == set(tests)
    assert not {fault.test for fault in FAULTS} & BEYOND_FIRMWARE


def test_a_fault_names_tests_that_there_are_and_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(FAULTS)
    tests = set(suite_tests())
    assert not [fault.name for fault in FAULTS if fault.fails - tests]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_text_of_a_fault_is_in_the_firmware_once_and_what_it_becomes_is_a_program(fault: Fault) -> None:
    source = (FIRMWARE / fault.file).read_text()
    assert source.count(fault.old) == 1
    assert fault.new != fault.old
    compile(source.replace(fault.old, fault.new), fault.file, "exec")


def test_a_fault_whose_text_has_gone_is_refused(tmp_path: Path) -> None:
    gone = Fault("gone", "version.py", "no such text", "", "test_it_proves_who_it_is")
    with pytest.raises(ValueError, match=r"gone: its text is 0 times in version\.py, not once"):
        plant(gone, tmp_path)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Verdict]]]:
    """All runs are on their way from the first test on; each test waits for its own."""
    folder = tmp_path_factory.mktemp("seeded")

    def tried(name: str) -> Verdict:
        fault = BY_NAME[name]
        return try_suite(plant(fault, folder), folder / f"{name}-records", fault.board, _some(name))

    def shipped() -> Verdict:
        return try_suite(FIRMWARE, folder / "shipped-records", only=_all_on_one_board())

    with ThreadPoolExecutor(_LANES) as lanes:
        yield {_SHIPPED: lanes.submit(shipped), **{name: lanes.submit(tried, name) for name in SAMPLE}}


def _some(name: str) -> frozenset[str]:
    return BY_NAME[name].fails | set(SAMPLE[name])


def _all_on_one_board() -> frozenset[str]:
    return frozenset().union(*(_some(name) for name in SAMPLE if BY_NAME[name].board == "virtual"))


@pytest.mark.parametrize("name", SAMPLE)
def test_the_suite_fails_exactly_where_the_fault_is(name: str, verdicts: dict[str, Future[Verdict]]) -> None:
    verdict = verdicts[name].result()
    assert not verdict.broken
    assert verdict.ran == _some(name)
    assert verdict.failed == BY_NAME[name].fails


def test_the_shipped_firmware_passes_what_its_faults_fail(verdicts: dict[str, Future[Verdict]]) -> None:
    verdict = verdicts[_SHIPPED].result()
    assert not verdict.broken
    assert verdict.ran == _all_on_one_board()
    assert not verdict.failed

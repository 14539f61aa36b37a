# The self-test: lamps and siren for a second each, then every item by what is known of it, after the background checks
# have looked anew. On a long press at the device the valve is closed as well; it is opened again by hand only.
from safety.codes import (
    ABSENT,
    FAULT_ADC_REFERENCE,
    FAULT_CLIMATE,
    FAULT_CLOCK,
    FAULT_IMAGE,
    FAULT_LATCH_STORE,
    FAULT_RAM,
    FAULT_RELAY,
    FAULT_SETTINGS,
    FAULT_VALVE_COIL,
    FAULT_VALVE_CURRENT,
    FAULT_VALVE_FEEDBACK,
    FAULT_VALVE_LEAKING,
    ITEM_CLIMATE,
    ITEM_CO,
    ITEM_MEMORY,
    ITEM_METHANE,
    ITEM_REFERENCE,
    ITEM_RELAY,
    ITEM_STORE,
    ITEM_VALVE,
    ITEM_VALVE_MOVES,
    OK,
    TEST_FAILED,
    TEST_NONE,
    TEST_PASSED,
    TEST_RUNNING,
)

SHOW_MS = 2_000  # lamps and siren
LEAST_MS = 5_000  # so that a long press can still join the valve to it
MEMORY_WITHIN_MS = 60_000  # the background checks are done by then, or they have failed
_VALVE_FAULTS = 1 << FAULT_VALVE_FEEDBACK | 1 << FAULT_VALVE_COIL | 1 << FAULT_VALVE_CURRENT | 1 << FAULT_VALVE_LEAKING
_MEMORY_FAULTS = 1 << FAULT_SETTINGS | 1 << FAULT_IMAGE | 1 << FAULT_RAM | 1 << FAULT_CLOCK


class SelfTest:
    def __init__(self) -> None:
        self.result = TEST_NONE
        self.failed_items = 0
        self.tested_items = 0
        self.moves_valve = False
        self.memory_checked = False  # set from outside once the background checks have run anew
        self._age_ms = 0

    def start(self) -> None:
        self.result = TEST_RUNNING
        self.moves_valve = False
        self.memory_checked = False
        self._age_ms = 0

    def join_valve(self) -> None:
        # From now on the valve is closed; it is given the rest of LEAST_MS, which is longer than its travel.
        self.moves_valve = True
        if self._age_ms > SHOW_MS:
            self._age_ms = SHOW_MS

    def abort(self) -> None:
        # An alarm is more urgent: no verdict.
        self.result = TEST_NONE
        self.moves_valve = False

    def sounds(self) -> bool:
        return self.result == TEST_RUNNING and self._age_ms < SHOW_MS

    def look(self, methane: int, co: int, faults: int, valve_closed: int, dt_ms: int) -> bool:
        # methane, co: statuses; valve_closed: 1, 0, or negative without a contact. True when the test has ended.
        self._age_ms += dt_ms
        if self._age_ms < LEAST_MS or not (self.memory_checked or self._age_ms >= MEMORY_WITHIN_MS):
            return False
        tested = 1 << ITEM_METHANE | 1 << ITEM_VALVE | 1 << ITEM_RELAY | 1 << ITEM_STORE
        tested |= 1 << ITEM_REFERENCE | 1 << ITEM_CLIMATE | 1 << ITEM_MEMORY
        failed = 0 if methane == OK else 1 << ITEM_METHANE
        if co != ABSENT:
            tested |= 1 << ITEM_CO
            failed |= 0 if co == OK else 1 << ITEM_CO
        failed |= _item(faults & _VALVE_FAULTS, ITEM_VALVE) | _item(faults & 1 << FAULT_RELAY, ITEM_RELAY)
        failed |= _item(faults & 1 << FAULT_LATCH_STORE, ITEM_STORE)
        failed |= _item(faults & 1 << FAULT_ADC_REFERENCE, ITEM_REFERENCE)
        failed |= _item(faults & 1 << FAULT_CLIMATE, ITEM_CLIMATE)
        failed |= _item(0 if self.memory_checked else 1, ITEM_MEMORY) | _item(faults & _MEMORY_FAULTS, ITEM_MEMORY)
        if self.moves_valve and valve_closed >= 0:
            tested |= 1 << ITEM_VALVE_MOVES
            failed |= _item(1 - valve_closed, ITEM_VALVE_MOVES)
        self.tested_items = tested
        self.failed_items = failed
        self.result = TEST_FAILED if failed else TEST_PASSED
        self.moves_valve = False
        return True


def _item(wrong: int, item: int) -> int:
    return 1 << item if wrong else 0

# What people ask of the device: by the button at it, or by a command over a link. A command can only ask for less gas
# or less noise; whatever opens the valve is below `by_hand`, and only the button leads there.
from safety.button import PRESSED
from safety.codes import (
    COMMAND_CLOSE_VALVE,
    COMMAND_IDENTIFY,
    COMMAND_MUTE,
    COMMAND_SELF_TEST,
    CRITICAL,
    EVENT_BUTTON,
    EVENT_COMMAND,
    EVENT_MUTE_ENDED,
    EVENT_MUTED,
    EVENT_SELF_TEST,
    FAULT_METHANE_SENSOR,
    NO_GAS,
    NORMAL,
    OK,
    RESULT_ALARM,
    RESULT_BUSY,
    RESULT_DONE,
    RESULT_NOTHING,
    RESULT_UNKNOWN,
    RUN_END_OF_SERVICE,
    RUN_FAULT,
    RUN_LATCHED,
    RUN_WARNING,
    TEST_RUNNING,
)
from safety.kept import MEMORY
from safety.mute import Mute
from safety.self_test import SelfTest

_IDENTIFY_MS = 60_000

# For the type checker only: the loop holds this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from safety.loop import SafetyLoop


class Operation:
    def __init__(self, loop: "SafetyLoop", mute_ms: int) -> None:
        self.test = SelfTest()
        self.mute = Mute(mute_ms)
        self.identify_ms = 0  # left, of showing which one it is
        self._loop = loop

    def by_hand(self, pressed: int, preheating: bool) -> None:
        # A press releases and opens if that is safe, else silences, else starts a test; a long one lets the test that it
        # began move the valve, and clears the memory of alarms.
        loop = self._loop
        loop.events.push(EVENT_BUTTON, loop.now_ms, NO_GAS, 0 if pressed == PRESSED else 1, 0)
        if pressed != PRESSED:
            if self.test.result == TEST_RUNNING:
                self.test.join_valve()
                loop.kept.want(MEMORY, 0)
            return
        if (loop.latched or not loop.valve.commanded_open) and self._is_safe(preheating):
            loop.release()
            return
        if self._mute() != RESULT_DONE:
            self._start_test(preheating)

    def command(self, command: int, preheating: bool) -> None:
        loop = self._loop
        if command == COMMAND_CLOSE_VALVE:
            result = RESULT_DONE if loop.valve.commanded_open else RESULT_NOTHING
            loop.valve.close()
        elif command == COMMAND_MUTE:
            result = self._mute()
        elif command == COMMAND_SELF_TEST:
            result = self._start_test(preheating)
        elif command == COMMAND_IDENTIFY:
            result = self._identify()
        else:
            result = RESULT_UNKNOWN
        loop.events.push(EVENT_COMMAND, loop.now_ms, NO_GAS, command, result)

    def step(self, faults: int, dt_ms: int) -> None:
        # Called while a test runs or the sounder is muted.
        loop = self._loop
        if self.mute.look(loop.methane_level, loop.co_level, faults, dt_ms):
            loop.events.push(EVENT_MUTE_ENDED, loop.now_ms, NO_GAS, 0, 0)
        if self.identify_ms > 0:
            self.identify_ms = 0 if self._alarms() else max(0, self.identify_ms - dt_ms)
        test = self.test
        if test.result != TEST_RUNNING:
            return
        if self._alarms():
            test.abort()
            return
        if test.moves_valve:
            loop.valve.close()
        if test.look(loop.methane_status, loop.co_status, faults, loop.contact, dt_ms):
            loop.events.push(EVENT_SELF_TEST, loop.now_ms, NO_GAS, test.failed_items, test.tested_items)

    def busy(self) -> bool:
        return self.mute.left_ms > 0 or self.test.result == TEST_RUNNING or self.identify_ms > 0

    def _alarms(self) -> bool:
        return self._loop.worst_level() != NORMAL or self._loop.latched == 1

    def _identify(self) -> int:
        if self._alarms():
            return RESULT_ALARM
        self.identify_ms = _IDENTIFY_MS
        return RESULT_DONE

    def _is_safe(self, preheating: bool) -> bool:
        loop = self._loop
        return (
            not preheating
            and loop.methane_status == OK
            and loop.methane_level == NORMAL
            and loop.methane_ppm < loop.clear_ppm
            and loop.co_level == NORMAL
            and not loop.health.has(FAULT_METHANE_SENSOR)
        )

    def _mute(self) -> int:
        # Only what can sound is silenced, and nothing that is critical.
        loop = self._loop
        if loop.methane_level == CRITICAL or loop.co_level == CRITICAL:
            return RESULT_ALARM
        state = loop.run_state
        if state != RUN_WARNING and state != RUN_LATCHED and state != RUN_FAULT and state != RUN_END_OF_SERVICE:
            return RESULT_NOTHING
        if self.mute.left_ms > 0:
            return RESULT_NOTHING
        self.mute.start(loop.methane_level, loop.co_level, loop.health.bits)
        loop.events.push(EVENT_MUTED, loop.now_ms, NO_GAS, 0, 0)
        return RESULT_DONE

    def _start_test(self, preheating: bool) -> int:
        if self._alarms():
            return RESULT_ALARM
        if preheating or self.test.result == TEST_RUNNING:
            return RESULT_BUSY
        self.test.start()
        return RESULT_DONE

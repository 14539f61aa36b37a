# What the device expresses: the most urgent state that holds, and lamp and siren for it. Priorities after Matter's
# SmokeCoAlarm: alarms, then faults, then a test, then end of service.
from safety.codes import (
    CRITICAL,
    RUN_CRITICAL,
    RUN_END_OF_SERVICE,
    RUN_FAULT,
    RUN_LATCHED,
    RUN_NORMAL,
    RUN_PREHEAT,
    RUN_TAMPER,
    RUN_TESTING,
    RUN_WARNING,
    TEST_RUNNING,
    WARNING,
)
from safety.kept import MEMORY
from safety.signals import (
    CHIRP,
    CHIRP_CYCLES,
    CO_CRITICAL,
    FAULT_OVERLAY,
    GREEN,
    LOW_ALARM,
    MEMORY_OVERLAY,
    PATTERNS,
    SIREN,
    STEPS,
)

# For the type checker only: the loop holds this, and is read here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from safety.loop import SafetyLoop


class Annunciator:
    def __init__(self, low_alarm_sounds: bool) -> None:
        self._low_alarm_sounds = low_alarm_sounds
        self._at = 0
        self._cycle = 0

    def express(self, loop: "SafetyLoop", preheating: bool) -> int:
        methane, co = loop.methane_level, loop.co_level
        if methane == CRITICAL or co == CRITICAL:
            return RUN_CRITICAL
        if methane == WARNING or co == WARNING:
            return RUN_WARNING
        if loop.latched:
            return RUN_LATCHED
        if loop.faults:
            return RUN_FAULT
        if loop.operation.test.result == TEST_RUNNING:
            return RUN_TESTING
        if loop.supervision.aside:
            return loop.supervision.aside
        return RUN_PREHEAT if preheating else RUN_NORMAL

    def signals(self, loop: "SafetyLoop") -> int:
        # Bits for this step; to be called once a step.
        at = self._at
        bits = self._pattern(loop, loop.run_state)[at]
        if loop.faults:
            bits |= FAULT_OVERLAY
        elif loop.run_state == RUN_NORMAL and loop.kept.wanted[MEMORY]:
            bits |= MEMORY_OVERLAY[at]
        if bits & CHIRP:
            bits ^= CHIRP
            if self._cycle == 0:
                bits |= SIREN
        if loop.operation.busy():
            bits = self._overridden(loop, bits)
        if at < STEPS - 1:
            self._at = at + 1
        else:
            self._at = 0
            self._cycle = self._cycle + 1 if self._cycle < CHIRP_CYCLES - 1 else 0
        return bits

    def _pattern(self, loop: "SafetyLoop", state: int) -> bytes:
        if state == RUN_CRITICAL and loop.methane_level != CRITICAL:
            return CO_CRITICAL
        if state == RUN_WARNING and loop.methane_level == WARNING and self._low_alarm_sounds:
            return LOW_ALARM
        return PATTERNS[state]

    def _overridden(self, loop: "SafetyLoop", bits: int) -> int:
        # Silence, except for what is critical; and the sound of a self-test.
        if loop.operation.mute.left_ms > 0 and loop.run_state != RUN_CRITICAL:
            bits &= ~SIREN
        if loop.operation.identify_ms > 0 and self._at & 1:
            bits ^= GREEN  # whatever red and yellow say stays as it is
        return bits | SIREN if loop.operation.test.sounds() else bits


def is_aside(tampered: bool, ended: bool) -> int:
    if tampered:
        return RUN_TAMPER
    return RUN_END_OF_SERVICE if ended else 0

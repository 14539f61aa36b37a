# Lamp and siren by table: one byte a step of 100 ms, ten seconds long, then again.
# Bits: 1 green, 2 yellow, 4 red, 8 siren, 16 a chirp of the siren, once a minute.
from safety.codes import (
    RUN_CRITICAL,
    RUN_END_OF_SERVICE,
    RUN_FAULT,
    RUN_LATCHED,
    RUN_NORMAL,
    RUN_PREHEAT,
    RUN_STARTING,
    RUN_TAMPER,
    RUN_TESTING,
    RUN_WARNING,
)

GREEN = 1
YELLOW = 2
RED = 4
SIREN = 8
CHIRP = 16
STEPS = 100
CHIRP_CYCLES = 6
_CYCLE = 20  # a blink and the CO siren repeat after two seconds


def _pattern(on: int, off: int, steps_on: int, cycle: int) -> bytes:
    return bytes([on if at % cycle < steps_on else off for at in range(STEPS)])


def _steady(bits: int) -> bytes:
    return _pattern(bits, bits, STEPS, STEPS)


def _blink(on: int, off: int) -> bytes:
    return _pattern(on, off, 5, 10)


# By run state. Methane that is critical sounds without a pause; a low alarm, CO and the latch are told apart by their
# pauses.
PATTERNS = {
    RUN_STARTING: _steady(YELLOW),
    RUN_PREHEAT: _blink(GREEN, 0),
    RUN_NORMAL: _steady(GREEN),
    RUN_WARNING: _blink(RED, 0),
    RUN_CRITICAL: _steady(RED | SIREN),
    RUN_LATCHED: _pattern(RED | SIREN, RED, 1, STEPS),
    RUN_FAULT: _pattern(YELLOW | CHIRP, YELLOW, 1, STEPS),
    RUN_TESTING: _steady(GREEN | YELLOW | RED),
    RUN_END_OF_SERVICE: bytes([CHIRP | GREEN | YELLOW]) + _blink(GREEN | YELLOW, GREEN)[1:],
    RUN_TAMPER: _pattern(GREEN | YELLOW, GREEN, 1, 5),
}
CO_CRITICAL = _pattern(RED | SIREN, RED, 15, _CYCLE)
# The low alarm of a profile that has one: half a second each two seconds.
LOW_ALARM = _pattern(RED | SIREN, RED, 5, _CYCLE)
# Shown as well whenever a fault is present, whatever else there is to show.
FAULT_OVERLAY = YELLOW
# An alarm is remembered: a short red in the green.
MEMORY_OVERLAY = _pattern(RED, 0, 1, STEPS)
# What a step that failed leaves behind: valve shut, a lamp that says fault, and no siren, because nobody could
# silence it and it would teach people to pull the plug.
FAILED = YELLOW

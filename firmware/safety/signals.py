# Lamp and siren by table: one character a step of 100 ms, two seconds long, then again.
# Bits: 1 green, 2 yellow, 4 red, 8 siren.
from safety.codes import (
    RUN_CRITICAL,
    RUN_FAULT,
    RUN_LATCHED,
    RUN_NORMAL,
    RUN_PREHEAT,
    RUN_STARTING,
    RUN_WARNING,
)

GREEN = 1
YELLOW = 2
RED = 4
SIREN = 8
STEPS = 20


def _pattern(on: int, off: int, steps_on: int) -> bytes:
    return bytes([on if at % STEPS < steps_on else off for at in range(STEPS)])


def _blink(on: int, off: int) -> bytes:
    return bytes([on if at // 5 % 2 == 0 else off for at in range(STEPS)])


# By run state. Methane that is critical sounds without a pause; CO and the latch are told apart by their pauses.
PATTERNS = {
    RUN_STARTING: _pattern(YELLOW, YELLOW, STEPS),
    RUN_PREHEAT: _blink(GREEN, 0),
    RUN_NORMAL: _pattern(GREEN, GREEN, STEPS),
    RUN_WARNING: _blink(RED, 0),
    RUN_CRITICAL: _pattern(RED | SIREN, RED | SIREN, STEPS),
    RUN_LATCHED: _pattern(RED | SIREN, RED, 1),
    RUN_FAULT: _pattern(YELLOW, YELLOW, STEPS),
}
CO_CRITICAL = _pattern(RED | SIREN, RED, 15)
# Shown as well whenever a fault is present, whatever else there is to show.
FAULT_OVERLAY = YELLOW
# What a step that failed leaves behind: valve shut, a lamp that says fault, and no siren, because nobody could
# silence it and it would teach people to pull the plug.
FAILED = YELLOW

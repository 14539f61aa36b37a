"""Time as a bench has it: the wall clock's before a real device, granted before a virtual one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

#: Waits begin with short looks and end with long ones: edges carry their own time, so a late look loses nothing.
_FIRST_LOOK_S = 0.1
_LONGEST_LOOK_S = 5.0
_LOOK_GROWS = 1.2
_LEAST_LOOKS = 200
#: Of virtual time, this is over in a blink.
_VIRTUAL_PIECE_S = 60.0
#: A virtual clock counts milliseconds: of less than one it makes none, and a wait would never end.
_SHORTEST_LOOK_S = 0.001


class Clock(Protocol):
    """`now_s` never goes back. Its zero means nothing."""

    virtual: bool

    def now_s(self) -> float:
        """Now, in seconds."""

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""


class WallClock:
    """The time of a real device."""

    virtual = False

    def now_s(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


def wait_until(
    clock: Clock, condition: Callable[[], bool], within_s: float, longest_look_s: float = _LONGEST_LOOK_S
) -> bool:
    """Whether the condition came to hold within so many seconds of the clock. A wait of hours is looked at more rarely still."""
    end_s = clock.now_s() + within_s
    longest_look_s = max(longest_look_s, within_s / _LEAST_LOOKS)
    look_s = _FIRST_LOOK_S
    while not condition():
        left_s = end_s - clock.now_s()
        if left_s <= 0:
            return False
        clock.wait(max(_SHORTEST_LOOK_S, min(look_s, left_s)))
        look_s = min(look_s * _LOOK_GROWS, longest_look_s)
    return True


class BeatingClock:
    """A clock that gives a sign of life in long waits."""

    def __init__(self, clock: Clock, beat: Callable[[], None]) -> None:
        self._clock, self._beat = clock, beat
        self.virtual = clock.virtual
        self._piece_s = _VIRTUAL_PIECE_S if clock.virtual else _LONGEST_LOOK_S

    def now_s(self) -> float:
        return self._clock.now_s()

    def wait(self, seconds: float) -> None:
        while seconds > 0:
            piece_s = min(seconds, self._piece_s)
            self._clock.wait(piece_s)
            self._beat()
            seconds -= piece_s


class ScaledClock:
    """The wall clock of an emulator that runs freely, `speed` virtual seconds a second."""

    virtual = False

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def now_s(self) -> float:
        return time.monotonic() * self._speed

    def wait(self, seconds: float) -> None:
        time.sleep(seconds / self._speed)

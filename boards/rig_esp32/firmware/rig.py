# The rig itself: outputs by name, held for a time or played, and all of them at rest when the host has gone.
from outputs import BAD_VALUE, BUSY, DONE, NO_SUCH_OUTPUT, PIECES_MISSING
from player import FULL, MISSING, MORE, Player
from rig_protocol.messages import RANGES, RELEASED, WATCH

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_RELEASABLE = 3
_LAST = "power"  # goes to rest after all others


class Rig:
    # outputs: name -> what takes its values.
    def __init__(self, outputs: dict, agenda: "Any", uptime: "Any") -> None:
        self.rests = 0  # by itself
        self.failures = 0  # of parts, while nobody asked: a hold's end, a waveform's next value
        self.outputs = outputs
        self._agenda = agenda
        self._uptime = uptime
        self._values: dict = {}  # as they stand
        self._after: dict = {}  # of a held output: where it goes back to
        self._player = Player(agenda, uptime, self._put, self._put_later)
        self._watch_ms = RANGES[WATCH][2]

    def heard(self) -> None:
        # The host is there.
        if self._watch_ms:
            self._agenda.at("watch", self._uptime.now_ms() + self._watch_ms, self._alone)

    def _alone(self, _due_ms: int) -> None:
        self.rests += 1
        if self.rest() != DONE:
            self.failures += 1

    def refuses(self, output: str, value: int) -> int:
        # DONE when it may be put, or why not.
        if output not in self.outputs and output != WATCH:
            return NO_SUCH_OUTPUT
        kind = RANGES[output]
        good = kind[0] <= value <= kind[1] or (kind[_RELEASABLE] and value == RELEASED)
        return DONE if good else BAD_VALUE

    def set(self, output: str, value: int, hold_ms: int) -> tuple:
        # (outcome, ms when it took effect). A hold within a hold goes back to where the first one would have.
        refusal = self.refuses(output, value)
        if refusal != DONE:
            return refusal, self._uptime.now_ms()
        if output == WATCH:
            self._watch_ms = value
            self._agenda.cancel("watch")
            self.heard()
            return DONE, self._uptime.now_ms()
        self._player.stop(output)
        self._agenda.cancel("hold " + output)
        before = self._after.pop(output, self._values[output])
        outcome = self._put(output, value)
        now_ms = self._uptime.now_ms()
        if hold_ms:
            self._after[output] = before
            self._agenda.at("hold " + output, now_ms + hold_ms, lambda _due_ms: self._let_go(output))
        return outcome, now_ms

    def _let_go(self, output: str) -> None:
        self._put_later(output, self._after.pop(output))

    def _put_later(self, output: str, value: int) -> None:
        if self._put(output, value) != DONE:
            self.failures += 1

    def _put(self, output: str, value: int) -> int:
        self._values[output] = value
        return int(self.outputs[output].put(value))

    def play(self, output: str, period_ms: int, total: int, first: int, values: "list[int]") -> tuple:
        # (outcome, ms of the first value when this piece was the last to come).
        refusal = self.refuses(output, 0) if output != WATCH else NO_SUCH_OUTPUT
        for value in values:
            refusal = refusal or self.refuses(output, value)
        if refusal != DONE:
            return refusal, self._uptime.now_ms()
        self._agenda.cancel("hold " + output)
        self._after.pop(output, None)
        taken = self._player.add(output, period_ms, total, first, values)
        if taken in (MISSING, FULL):
            return PIECES_MISSING if taken == MISSING else BUSY, self._uptime.now_ms()
        outcome = DONE if taken == MORE else self._player.begin(output)
        return outcome, self._uptime.now_ms()

    def rest(self) -> int:
        # DONE, or what was wrong with the first part that did not take it; the others are at rest all the same.
        found = DONE
        for output in sorted(self.outputs, key=lambda name: name == _LAST):
            self._player.stop(output)
            self._agenda.cancel("hold " + output)
            self._after.pop(output, None)
            outcome = self._put(output, RANGES[output][2])
            found = found or outcome
        return found

# Waveforms: an output goes from one value to the next, a period apart, and stays at the last.
from array import array

from rig_protocol.messages import MOST_POINTS

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_TRACKS = 2  # at once, being filled or played
STARTED, MORE, MISSING, FULL = 0, 1, 2, 3


class Track:
    def __init__(self, period_ms: int, total: int) -> None:
        self.period_ms = period_ms
        self.total = total
        self.values = array("i")
        self.began_ms = -1
        self.next = 0


class Player:
    # put(output, value): gives an outcome; put_later the same, of what nobody waits for.
    def __init__(self, agenda: "Any", uptime: "Any", put: "Any", put_later: "Any") -> None:
        self._agenda = agenda
        self._uptime = uptime
        self._put = put
        self._put_later = put_later
        self._tracks: dict = {}

    def stop(self, output: str) -> None:
        self._agenda.cancel("play " + output)
        self._tracks.pop(output, None)

    def add(self, output: str, period_ms: int, total: int, first: int, values: "list[int]") -> int:
        # One piece. STARTED: that was the last one, and it plays; MORE: another is to come; MISSING: it does not follow the
        # one before; FULL: too many waveforms at once, or one too long.
        if first == 0:
            self.stop(output)
            if total > MOST_POINTS or len(self._tracks) >= _MOST_TRACKS:
                return FULL
            self._tracks[output] = Track(period_ms, total)
        track = self._tracks.get(output)
        if track is None or track.began_ms >= 0 or len(track.values) != first or track.total != total:
            return MISSING
        if first + len(values) > total:
            return FULL
        track.values.extend(array("i", values))
        if len(track.values) < total:
            return MORE
        track.began_ms = self._uptime.now_ms()
        return STARTED

    def begin(self, output: str) -> int:
        # The first value, now; gives its outcome.
        outcome: int = self._put(output, self._tracks[output].values[0])
        self._go_on(output)
        return outcome

    def _go_on(self, output: str) -> None:
        track = self._tracks[output]
        track.next += 1
        if track.next == track.total:
            self._tracks.pop(output)
            return
        self._agenda.at("play " + output, track.began_ms + track.next * track.period_ms, lambda _: self._step(output))

    def _step(self, output: str) -> None:
        track = self._tracks[output]
        self._put_later(output, track.values[track.next])
        self._go_on(output)

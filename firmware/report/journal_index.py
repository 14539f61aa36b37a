# What is in the journal, without the frames: 14 bytes an event. A place is a small number, the caller's key while it is taken.
from array import array

from report.priorities import rank, urgent

_FREE = 0
_WAITING = 1
_SENT = 2
HELD = 0xFFFF  # instead of an offset in the file: the frame is in RAM


class Index:
    def __init__(self, places: int) -> None:
        self.session = array("I", [0] * places)
        self.seq = array("I", [0] * places)
        self.at = array("H", [0] * places)
        self.size = array("H", [0] * places)
        self.kind = array("B", [0] * places)
        self._state = array("B", [_FREE] * places)
        self.logged = 0  # taken places whose frame is in the file
        self.logged_bytes = 0
        self.held = 0  # and in RAM

    def add(self, session: int, seq: int, kind: int, at: int, size: int) -> int:
        # Its place. The owner sees to it that one is free.
        place = 0
        while self._state[place] != _FREE:
            place += 1
        self.session[place], self.seq[place], self.kind[place] = session, seq, kind
        self._state[place] = _WAITING
        self._set(place, at, size)
        return place

    def _set(self, place: int, at: int, size: int) -> None:
        self.at[place], self.size[place] = at, size
        if at == HELD:
            self.held += 1
        else:
            self.logged += 1
            self.logged_bytes += size

    def _unset(self, place: int) -> None:
        if self.at[place] == HELD:
            self.held -= 1
        else:
            self.logged -= 1
            self.logged_bytes -= self.size[place]

    def moved(self, place: int, at: int) -> None:
        # Its frame is in the file now, at this offset.
        self._unset(place)
        self._set(place, at, self.size[place])

    def free(self, place: int) -> None:
        self._unset(place)
        self._state[place] = _FREE

    def taken(self, place: int) -> bool:
        return self._state[place] != _FREE

    def find(self, session: int, seq: int) -> int:
        # -1 when it is not there.
        for place in range(len(self._state)):
            if self._state[place] and self.seq[place] == seq and self.session[place] == session:
                return place
        return -1

    def in_file(self) -> "list":
        # Places, in the order of which a rewritten file holds them.
        return [place for place in range(len(self._state)) if self._state[place] and self.at[place] != HELD]

    def least(self, held: bool) -> int:
        # Among those in RAM, or in the file: the least important, of equals the oldest. -1 when there is none.
        found = -1
        for place in range(len(self._state)):
            if self._state[place] == _FREE or (self.at[place] == HELD) != held:
                continue
            if found >= 0:
                lower = rank(self.kind[place]) - rank(self.kind[found])
                if lower > 0 or (lower == 0 and not self._older(place, found)):
                    continue
            found = place
        return found

    def next_unsent(self) -> int:
        # Urgent ones first, then the others; the oldest of each first. -1 when everything was sent.
        found = -1
        found_urgent = False
        for place in range(len(self._state)):
            if self._state[place] != _WAITING:
                continue
            first = urgent(self.kind[place])
            if found < 0 or (first and not found_urgent) or (first == found_urgent and self._older(place, found)):
                found, found_urgent = place, first
        return found

    def _older(self, place: int, other: int) -> bool:
        # Sessions count boots, so that an earlier one is an earlier life.
        if self.session[place] != self.session[other]:
            return self.session[place] < self.session[other]
        return self.seq[place] < self.seq[other]

    def mark_sent(self, place: int) -> None:
        if self._state[place] == _WAITING:
            self._state[place] = _SENT

    def forget_sent(self) -> None:
        for place in range(len(self._state)):
            if self._state[place] == _SENT:
                self._state[place] = _WAITING

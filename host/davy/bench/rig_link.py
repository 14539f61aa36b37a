"""Questions to a rig and their answers, over a line that may lose either."""

from __future__ import annotations

import base64
import binascii
import itertools
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from davy.bench.clock import Clock
from davy.bench.errors import BenchError
from davy.bench.lines import MARK, ByteLine
from protocol import codec, frame
from rig_protocol import messages

_SOURCE = b"davybnch"
_TRIES = 4
#: The first answer may have to wait for the rig's start: opening its port resets most boards.
_FIRST_TRIES = 8
ANSWER_WITHIN_S = 1.0
#: A rig answers within some milliseconds; in virtual time every look is a grant.
_FIRST_LOOK_S, _LOOK_GROWS, _LONGEST_LOOK_S = 0.002, 1.5, 0.05
_MOST_KEPT_BYTES = 8_192
_ANSWERS = {
    messages.SET: messages.DONE,
    messages.POINTS: messages.DONE,
    messages.REST: messages.DONE,
}
_ASKED = (messages.ABOUT, messages.LEVELS, messages.VALUES, messages.EDGES)

Fields = dict[str, Any]


class RigLink:
    """One question at a time. It asks again after a time-out of the clock, so that in virtual time a wait lets the rig run.

    `session` marks this bench's ids; drawn when not given. Every failure is a BenchError with the cause `rig`.
    """

    def __init__(
        self,
        line: ByteLine,
        clock: Clock,
        name: str,
        session: int | None = None,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self._line, self._clock, self.name = line, clock, name
        self._answer_within_s = answer_within_s
        self._session = secrets.randbits(32) if session is None else session
        self._ids = itertools.count(1)
        self._seq = 0
        self._buffer = b""
        self._said = ""  # the newest line that was no frame: a traceback's end, or another program's prompt
        self._rig: tuple[bytes, int] | None = None  # source and boot session of who answers
        self._refusal = 0

    def act(self, kind: int, fields: Fields) -> Fields:
        """Fields of the DONE to a SET, a POINTS or a REST."""
        return self._question(kind, fields, _ANSWERS[kind], lambda _: True)[-1]

    def ask(self, what: str) -> Fields:
        """Fields of the ABOUT, LEVELS or VALUES."""
        number = messages.ENUMS["ask"].index(what)
        return self._question(messages.ASK, {"what": number, "since": 0}, _ASKED[number], lambda _: True)[-1]

    def ask_edges(self, since: int) -> list[Fields]:
        """Fields of the EDGES that one question brings, in their order and without a gap between them."""
        number = messages.ENUMS["ask"].index("edges")
        found = self._question(messages.ASK, {"what": number, "since": since}, messages.EDGES, _all_edges)
        # A frame that was lost on the way ends what is of use; the rest is asked for again.
        whole = [found[0]]
        for each in found[1:]:
            if each["first"] != whole[-1]["first"] + _count(whole[-1]):
                break
            whole.append(each)
        return whole

    def _question(
        self, kind: int, fields: Fields, wanted: int, complete: Callable[[list[Fields]], bool]
    ) -> list[Fields]:
        number = next(self._ids) & messages.U32
        payload = codec.encode(kind, {"id": number, **fields}, messages)
        found: list[Fields] = []
        for _ in range(_TRIES if self._rig else _FIRST_TRIES):
            self._send(kind, payload)
            self._refusal = 0
            for _ in self._looks():
                found += [each for each in self._came(wanted) if each["id"] == number]
                if found and complete(found):
                    return found
                if self._refusal:
                    break
            if found:
                return found
        raise self.broken(self._silence(), "is it powered, plugged in, and its own firmware on it?")

    def _silence(self) -> str:
        if self._refusal:
            return f"refuses what it is sent: {frame.REASONS[self._refusal]}"
        return f"does not answer; it says {self._said!r}" if self._said else "does not answer"

    def broken(self, problem: str, hint: str) -> BenchError:
        """What to raise."""
        return BenchError("rig", self.name, problem, hint)

    def _looks(self) -> Iterator[None]:
        end_s = self._clock.now_s() + self._answer_within_s
        look_s = _FIRST_LOOK_S
        while True:
            yield
            left_s = end_s - self._clock.now_s()
            if left_s <= 0:
                return
            # A clock of milliseconds does not move for less than one.
            self._clock.wait(max(_FIRST_LOOK_S, min(look_s, left_s)))
            look_s = min(look_s * _LOOK_GROWS, _LONGEST_LOOK_S)

    def _send(self, kind: int, payload: bytes) -> None:
        self._seq = (self._seq + 1) & messages.U32
        data = frame.encode(kind, _SOURCE, self._session, self._seq, 0, payload)
        with self._plugged():
            # The line end before it ends whatever stood there.
            self._line.write(b"\n" + MARK + base64.b64encode(data) + b"\n")

    def _came(self, wanted: int) -> list[Fields]:
        with self._plugged():
            *lines, rest = (self._buffer + self._line.read()).split(b"\n")
        self._buffer = rest[-_MOST_KEPT_BYTES:]
        found = []
        for line in lines:
            kind, fields = self._frame(line.strip())
            if kind == wanted:
                found.append(fields)
            elif kind == messages.REFUSED:
                self._refusal = fields["reason"] if fields["reason"] < len(frame.REASONS) else frame.UNKNOWN_TYPE
        return found

    def _frame(self, line: bytes) -> tuple[int, Fields]:
        """(0, {}) for anything else."""
        # What a start printed may stand before the mark.
        said, mark, text = line.rpartition(MARK)
        try:
            data = base64.b64decode(text, validate=True) if mark else b""
        except binascii.Error:
            data = b""
        received = frame.decode(data, messages.NAMES)
        if received.error != frame.GOOD:
            self._said = (said + mark + text)[-200:].decode("utf-8", "replace").strip() or self._said
            return 0, {}
        fields, _ = codec.decode(received.message_type, received.payload, messages)
        if fields is None or received.source == _SOURCE:
            return 0, {}
        self._known(received.source, received.session)
        return received.message_type, fields

    def _known(self, source: bytes, session: int) -> None:
        if self._rig is None:
            self._rig = (source, session)
        elif self._rig[0] != source:
            raise self.broken("is another one than before", "one rig for one run")
        elif self._rig[1] != session:
            told = f"; before, it said {self._said!r}" if self._said else ""
            raise self.broken(f"was restarted in the middle{told}", "look at its power supply and its USB cable")

    @contextmanager
    def _plugged(self) -> Iterator[None]:
        try:
            yield
        except (OSError, EOFError) as error:
            raise self.broken(f"is gone from its port: {error or 'end of file'}", "plug it in again") from error


def _count(edges: Fields) -> int:
    return len(edges["edges"]) // messages.EDGE_BYTES


def _all_edges(frames: list[Fields]) -> bool:
    # All that there were, or all that one question brings.
    newest = frames[-1]
    return len(frames) == messages.FRAMES_A_QUESTION or bool(newest["first"] + _count(newest) >= newest["total"])

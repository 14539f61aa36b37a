"""What `davy monitor` prints of packets: events and hellos each, refusals once a minute, however many come."""

from __future__ import annotations

import time
from collections.abc import Callable

from davy.cli.reported import safe
from davy.codec import Event, Hello, Proof, Result, describe
from davy.monitor import Received, Verdict

_AGAIN_S = 60.0
#: Refusals remembered at a time; past it all are forgotten.
_KEPT = 1_000


class Heard:
    """Takes each packet and its fate; `now_s` is a monotonic clock."""

    def __init__(self, say: Callable[[str], None], now_s: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._now_s = now_s
        #: (source, reason) -> [when it was said, how many since]
        self._refused: dict[tuple[str, str], tuple[float, int]] = {}

    def __call__(self, packet: Received, verdict: Verdict) -> None:
        frame = verdict.frame
        if verdict.result is Result.REFUSED or frame is None:
            self._refusal(packet.topic_source or "a topic that names no source", verdict.reason)
        elif isinstance(frame.message, (Event, Hello)):
            again = " (again)" if verdict.result is Result.STORED_BEFORE else ""
            self._say(f"{packet.topic_source}  {safe(describe(frame))}{again}")
        elif isinstance(frame.message, Proof) and verdict.unit is not None:
            self._say(f"{packet.topic_source}  proved that it is {verdict.unit.identifier}")

    def _refusal(self, source: str, reason: str) -> None:
        now_s = self._now_s()
        said_s, untold = self._refused.get((source, reason), (None, 0))
        if said_s is not None and now_s - said_s < _AGAIN_S:
            self._refused[source, reason] = (said_s, untold + 1)
            return
        if len(self._refused) >= _KEPT:
            self._refused.clear()
        self._refused[source, reason] = (now_s, 0)
        self._say(f"{source}  refused: {reason}" + (f" (and {untold} times since it was said)" if untold else ""))

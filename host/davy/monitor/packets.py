"""A packet as it comes, and what becomes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from davy.codec import Decoded, Event, Result
from davy.monitor.registry import KnownUnit

_SOURCE = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Received:
    """A packet as it came: the source its topic names (16 hex digits), its bytes, wall ms since 1970."""

    topic_source: str
    payload: bytes
    received_ms: int


class Verdict(NamedTuple):
    """What became of one packet. `frame` is None when it was no good frame; `reason` then says why.

    `unit` is whose seal it bore, None for a source that nobody vouches for; `challenge` says that it should now prove itself.
    """

    result: Result
    frame: Decoded | None
    reason: str = ""
    unit: KnownUnit | None = None
    challenge: bool = False


@dataclass(frozen=True)
class StoredEvent:
    """A row of events."""

    source: str
    session: int
    seq: int
    event: Event
    received_ms: int


def named_source(text: str) -> str:
    """The source that a topic names, "" when it names none: a stranger's words are not carried on."""
    return text if _SOURCE.fullmatch(text) else ""

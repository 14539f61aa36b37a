# What is given up first when events have to be given up, and what is told first when many wait. Two written orders.
from protocol import messages

_EVENTS = messages.ENUMS["event"]

# Most dispensable first; among equals the oldest. What is not listed here is never dropped for something else.
_DISPENSABLE = (
    "button", "mute_ended", "muted", "preheat_done", "command", "self_test", "valve", "fault_cleared", "clear", "settings",
    "boot", "fault", "tamper", "end_of_service", "released",
)  # fmt: skip
# Told before all others, however many of those wait; among themselves and among the others the oldest goes first. `clear`
# and `released` are here so that nobody is sent to an alarm that is over.
_URGENT = ("alarm", "latched", "valve", "released", "clear")


def _rank(name: str) -> int:
    return _DISPENSABLE.index(name) if name in _DISPENSABLE else len(_DISPENSABLE)


_RANKS = tuple([_rank(name) for name in _EVENTS])
_FIRST = tuple([name in _URGENT for name in _EVENTS])


def rank(kind: int) -> int:
    # Lower goes first. A kind that this firmware does not know, left by a newer one, counts as never dispensable.
    return _RANKS[kind] if kind < len(_RANKS) else len(_DISPENSABLE)


def urgent(kind: int) -> bool:
    return kind < len(_FIRST) and _FIRST[kind]

# Events that the monitor has not acknowledged, as the very frames that are sent and sent again. Bounded, in RAM.
#
# When it is full the least important goes first, by the order below, and a LOSS event says how many went.
from protocol import messages

CAPACITY = 48

# Most dispensable first; among equals the oldest. What is not listed here is never dropped for something else.
_DISPENSABLE = (
    "button", "mute_ended", "muted", "preheat_done", "command", "self_test", "valve", "fault_cleared", "clear", "boot",
    "fault", "tamper", "end_of_service", "released",
)  # fmt: skip


def rank(kind: int) -> int:
    # Lower goes first.
    name = messages.ENUMS["event"][kind]
    return _DISPENSABLE.index(name) if name in _DISPENSABLE else len(_DISPENSABLE)


class Entry:
    def __init__(self, seq: int, kind: int, frame: bytes) -> None:
        self.seq = seq
        self.kind = kind
        self.frame = frame
        self.sent = False


class Outbox:
    def __init__(self, capacity: int = CAPACITY) -> None:
        self.dropped = 0  # since the last LOSS event
        self._capacity = capacity
        self._entries: list = []

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: Entry) -> None:
        # The newest may itself be what is dropped, when everything held is worth more.
        self._entries.append(entry)
        if len(self._entries) > self._capacity:
            worst = min(self._entries, key=lambda held: rank(held.kind))
            self._entries.remove(worst)
            self.dropped += 1

    def acknowledged(self, seq: int) -> bool:
        # False when no such event waits.
        for entry in self._entries:
            if entry.seq == seq:
                self._entries.remove(entry)
                return True
        return False

    def next_unsent(self) -> Entry | None:
        found: Entry | None = None
        for entry in self._entries:
            if not entry.sent:
                found = entry
                break
        return found

    def forget_sent(self) -> None:
        # A new connection, or an answer that did not come: everything is to be sent again.
        for entry in self._entries:
            entry.sent = False

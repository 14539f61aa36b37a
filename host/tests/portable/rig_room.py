# Around the rig's code in the cases: time that a case moves, outputs that remember, frames of a host.
from protocol import codec, frame
from rig import Rig
from rig_protocol import messages

HOST = b"host0000"
OUTPUT = messages.ENUMS["output"].index


class Time:
    # Uptime and agenda in one: move() does what falls due on the way, at its time.
    def __init__(self):
        self.ms = 1_000
        self.entries = {}

    def now_ms(self):
        return self.ms

    def at(self, name, due_ms, act):
        self.entries[name] = (due_ms, act)

    def cancel(self, name):
        self.entries.pop(name, None)

    def move(self, ms):
        end_ms = self.ms + ms
        while True:
            due = sorted([(due_ms, name) for name, (due_ms, _) in self.entries.items() if due_ms <= end_ms])
            if not due:
                break
            due_ms, name = due[0]
            self.ms = max(self.ms, due_ms)
            self.entries.pop(name)[1](due_ms)
        self.ms = end_ms


class Kept:
    # An output that keeps (ms, value) of all it was given; `outcome` is what it says to the next.
    def __init__(self, clock):
        self.values = []
        self.outcome = 0
        self._clock = clock

    def put(self, value):
        self.values.append((self._clock.ms, value))
        return self.outcome

    def set(self, on):
        self.put(on)


def rig(names):
    # (rig, its time, outputs by name)
    clock = Time()
    outputs = {name: Kept(clock) for name in names}
    made = Rig(outputs, clock, clock)
    made.rest()
    for each in outputs.values():
        each.values = []
    return made, clock, outputs


def ask(kind, fields, session=7, seq=0):
    return frame.encode(kind, HOST, session, seq, 0, codec.encode(kind, fields, messages))


def read(answer):
    # (message type, fields) of a good frame.
    found = frame.decode(answer, messages.NAMES)
    assert found.error == frame.GOOD, frame.REASONS[found.error]
    fields, reason = codec.decode(found.message_type, found.payload, messages)
    assert reason == frame.GOOD, frame.REASONS[reason]
    return found.message_type, fields


def make(kind, payload):
    return frame.encode(kind, b"rig00000", 9, 0, 0, payload)

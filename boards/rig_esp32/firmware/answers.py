# What the host asks, and what it is answered. What acts is done once for an id, however often the link makes the host ask.
from protocol import codec, frame
from rig_protocol import messages

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_KEPT = 4  # answers to what acted; the host asks one thing at a time
_ACTS = (messages.SET, messages.POINTS, messages.REST)
_OUTPUTS = messages.ENUMS["output"]
_ABOUT, _LEVELS, _VALUES, _EDGES = range(4)  # of the table "ask"


class Answers:
    # maker(message_type, payload) gives a frame's bytes; seen gives levels() and edges of the inputs; about: fields of ABOUT
    # that do not change.
    def __init__(self, rig: "Any", seen: "Any", readings: "Any", uptime: "Any", maker: "Any", about: dict) -> None:
        self._rig = rig
        self._seen = seen
        self._readings = readings
        self._uptime = uptime
        self._maker = maker
        self._about = about
        self._refused = 0
        self._kept: list = []  # ((session, id), frame)

    def take(self, data: bytes) -> list:
        # The frames to answer with.
        received = frame.decode(data, messages.NAMES)
        if received.error != frame.GOOD:
            return self._refuse(received.error)
        kind = received.message_type
        if kind not in _ACTS and kind != messages.ASK:
            return self._refuse(frame.UNKNOWN_TYPE)
        fields, reason = codec.decode(kind, received.payload, messages)
        if reason != frame.GOOD:
            return self._refuse(reason)
        self._rig.heard()
        if kind == messages.ASK:
            return self._asked(fields)
        key = (received.session, fields["id"])
        for known, answer in self._kept:
            if known == key:
                return [answer]
        answer = self._act(kind, fields)
        if len(self._kept) == _MOST_KEPT:
            self._kept.pop(0)
        self._kept.append((key, answer))
        return [answer]

    def _refuse(self, reason: int) -> list:
        self._refused = self._refused + 1 & 0xFFFFFFFF
        return [self._say(messages.REFUSED, {"reason": reason, "refused_frames": self._refused})]

    def _say(self, message_type: int, fields: dict) -> bytes:
        made: bytes = self._maker(message_type, codec.encode(message_type, fields, messages))
        return made

    def _act(self, kind: int, fields: dict) -> bytes:
        if kind == messages.REST:
            outcome, t_ms = self._rig.rest(), self._uptime.now_ms()
        elif kind == messages.SET:
            outcome, t_ms = self._rig.set(_OUTPUTS[fields["output"]], fields["value"], fields["hold_ms"])
        else:
            data = fields["points"]
            values = [_signed(data, at) for at in range(0, len(data) - messages.POINT_BYTES + 1, messages.POINT_BYTES)]
            outcome, t_ms = self._rig.play(
                _OUTPUTS[fields["output"]], fields["period_ms"], fields["total"], fields["first"], values
            )
        answer = {"id": fields["id"], "outcome": outcome, "t_ms": t_ms}
        answer.update(self._alone())
        return self._say(messages.DONE, answer)

    def _alone(self) -> dict:
        # What happened without the host.
        return {"rests": self._rig.rests & 0xFFFFFFFF, "failures": self._rig.failures & 0xFFFFFFFF}

    def _asked(self, fields: dict) -> list:
        asked, what = fields["id"], fields["what"]
        if what == _ABOUT:
            about = self._about.copy()
            about.update({"id": asked, "edges": self._seen.edges.total, "refused_frames": self._refused})
            about.update(self._alone())
            return [self._say(messages.ABOUT, about)]
        if what == _LEVELS:
            now_ms = self._uptime.now_ms()
            levels = {"id": asked, "t_ms": now_ms, "inputs": self._about["inputs"], "levels": self._seen.levels()}
            return [self._say(messages.LEVELS, levels)]
        if what == _VALUES:
            values = self._readings.fields()
            values.update({"id": asked, "t_ms": self._uptime.now_ms()})
            return [self._say(messages.VALUES, values)]
        return self._edges(asked, fields["since"])

    def _edges(self, asked: int, since: int) -> list:
        found: list = []
        edges = self._seen.edges
        while len(found) < messages.FRAMES_A_QUESTION:
            first, base_ms, data = edges.from_index(since, messages.EDGES_A_FRAME, self._uptime.now_ms())
            since = first + len(data) // messages.EDGE_BYTES
            answer = {"id": asked, "first": first, "total": edges.total, "base_ms": base_ms, "edges": data}
            found.append(self._say(messages.EDGES, answer))
            if since >= edges.total:
                break
        return found


def _signed(data: bytes, at: int) -> int:
    value = int.from_bytes(data[at : at + messages.POINT_BYTES], "big")
    return value - (1 << 32) if value & 1 << 31 else value

# What reaches the device, by whichever way: acknowledgements and commands; on the wired line also questions, which are
# answered there. Everything else is refused with a reason.
from protocol import cobs, codec, frame, messages

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NONE = 0
_ALWAYS = (messages.ACK, messages.COMMAND)
_QUESTIONS = (messages.QUERY, messages.CHALLENGE)
_MOST_ANSWERS = 4  # at one reading of the line: more would overfill its buffer, and waiting for that makes a step late


class Incoming:
    # source: of this device; owner: the reporter, whose acknowledged(fields) says whether an ACK was for something that
    # waits, and whose say() and prove() give the frame that a question asks for; snapshot: the safety loop, whose `command`
    # the next step takes up.
    def __init__(self, source: bytes, owner: "Any", snapshot: "Any") -> None:
        self.unproven = 0  # challenges that a unit without a secret left unanswered
        self._source = source
        self._owner = owner
        self._snapshot = snapshot
        self._deframer = cobs.Deframer()
        self._answers_left = 0

    def take(self, data: bytes, answer: "Any" = None) -> int:
        # One frame. The reason why it was refused, frame.GOOD when it had its effect.
        # answer: takes the frame that a question asks for; without it questions are refused.
        received = frame.decode(data)
        if received.error != frame.GOOD:
            return int(received.error)
        kind = received.message_type
        if kind not in _ALWAYS and (answer is None or kind not in _QUESTIONS):
            return frame.UNKNOWN_TYPE
        fields, reason = codec.decode(kind, received.payload)
        if reason != frame.GOOD:
            return int(reason)
        if kind == messages.ACK:
            return frame.GOOD if self._owner.acknowledged(fields) else frame.OUT_OF_RANGE
        if kind == messages.COMMAND:
            return self._command(fields)
        return self._question(kind, fields, answer)

    def line(self, data: bytes, answer: "Any") -> list:
        # Bytes of the wired line: a reason for each frame in them.
        self._answers_left = _MOST_ANSWERS
        found = self._deframer.feed(data)
        return [self.take(piece, answer) if reason == frame.GOOD else reason for reason, piece in found]

    def one(self, data: bytes, answer: "Any") -> int:
        # One frame of a line that carries one at a time.
        self._answers_left = 1
        return self.take(data, answer)

    def _command(self, fields: dict) -> int:
        # For another device, or before the last one was taken up (a step is 100 ms): refused, and may be sent again.
        if fields["target"] != self._source or self._snapshot.command != NONE:
            return frame.OUT_OF_RANGE
        self._snapshot.command = fields["command"]
        return frame.GOOD

    def _question(self, kind: int, fields: dict, answer: "Any") -> int:
        if fields["target"] != self._source and fields["target"] != messages.ANYONE:
            return frame.OUT_OF_RANGE
        if not self._answers_left:
            return frame.OUT_OF_RANGE
        self._answers_left -= 1
        if kind == messages.QUERY:
            answer(self._owner.say(messages.ENUMS["query"][fields["what"]]))
            return frame.GOOD
        proof = self._owner.prove(fields["nonce"])
        if not proof:
            self.unproven += 1
            return frame.OUT_OF_RANGE
        answer(proof)
        return frame.GOOD

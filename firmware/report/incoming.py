# What reaches the device, by whichever way: acknowledgements, commands, challenges; on the wired line also questions, which
# are answered there. Everything else is refused with a reason.
from protocol import cobs, codec, frame, messages, seal

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EXPECTED = (messages.ACK, messages.COMMAND, messages.CHALLENGE)
_MOST_ANSWERS = 4  # at one reading of the line: more would overfill its buffer, and waiting for that makes a step late


class Incoming:
    # source: of this device; key: of the seals, b"" for a unit that has no secret; owner: the reporter, whose
    # acknowledged(fields) says whether an ACK was for something that waits, and whose say() and prove() give the frame that a
    # question asks for; commands: takes what may be believed.
    def __init__(self, source: bytes, key: bytes, owner: "Any", commands: "Any") -> None:
        self.unproven = 0  # challenges that a unit without a secret left unanswered
        self._source = source
        self._key = key
        self._owner = owner
        self._commands = commands
        self._deframer = cobs.Deframer()
        self._answers_left = 0

    def packet(self, data: bytes, answer: "Any") -> int:
        # One packet of a network. The reason why it was refused, frame.GOOD when it had its effect.
        # answer: takes the frame that a challenge asks for.
        self._answers_left = 1
        return self._take(data, answer, False)

    def line(self, data: bytes, answer: "Any") -> list:
        # Bytes of the wired line: a reason for each frame in them.
        self._answers_left = _MOST_ANSWERS
        found = self._deframer.feed(data)
        return [self._take(piece, answer, True) if reason == frame.GOOD else reason for reason, piece in found]

    def one(self, data: bytes, answer: "Any") -> int:
        # One frame of a line that carries one at a time.
        self._answers_left = 1
        return self._take(data, answer, True)

    def _take(self, data: bytes, answer: "Any", wired: bool) -> int:
        bare, mark = seal.split(data)
        received = frame.decode(bare)
        if received.error != frame.GOOD:
            return int(received.error)
        kind = received.message_type
        if kind not in _EXPECTED and not (wired and kind == messages.QUERY):
            return frame.UNKNOWN_TYPE
        if received.source == self._source:
            return frame.FOREIGN  # our own, thrown back at us
        fields, reason = codec.decode(kind, received.payload)
        if reason != frame.GOOD:
            return int(reason)
        if kind == messages.ACK:
            doubt = seal.check(self._key, bare, mark) if self._key else frame.GOOD
            return doubt or (frame.GOOD if self._owner.acknowledged(fields) else frame.OLD)
        if kind == messages.COMMAND:
            doubt = seal.check(self._key, bare, mark) if self._key else frame.NO_SEAL
            return int(self._commands.take(fields, doubt, wired))
        return self._question(kind, fields, answer, wired)

    def _question(self, kind: int, fields: dict, answer: "Any", wired: bool) -> int:
        target = fields["target"]
        if target != self._source and not (wired and target == messages.ANYONE):
            return frame.FOREIGN
        if not self._answers_left:
            return frame.BUSY
        self._answers_left -= 1
        if kind == messages.QUERY:
            answer(self._owner.say(messages.ENUMS["query"][fields["what"]]))
            return frame.GOOD
        proof = self._owner.prove(fields["nonce"])
        if not proof:
            self.unproven += 1
            return frame.FOREIGN
        answer(proof)
        return frame.GOOD

# What reaches the device, by whichever way: acknowledgements and commands. Everything else is refused with a reason.
from protocol import cobs, codec, frame, messages

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NONE = 0


class Incoming:
    # source: of this device; acknowledged(fields) says whether an ACK was for something that waits; snapshot: the safety
    # loop, whose `command` the next step takes up.
    def __init__(self, source: bytes, acknowledged: "Any", snapshot: "Any") -> None:
        self._source = source
        self._acknowledged = acknowledged
        self._snapshot = snapshot
        self._deframer = cobs.Deframer()

    def take(self, data: bytes) -> int:
        # One frame. The reason why it was refused, frame.GOOD when it had its effect.
        received = frame.decode(data)
        if received.error != frame.GOOD:
            return int(received.error)
        if received.message_type != messages.ACK and received.message_type != messages.COMMAND:
            return frame.UNKNOWN_TYPE
        fields, reason = codec.decode(received.message_type, received.payload)
        if reason != frame.GOOD:
            return int(reason)
        if received.message_type == messages.ACK:
            return frame.GOOD if self._acknowledged(fields) else frame.OUT_OF_RANGE
        return self._command(fields)

    def line(self, data: bytes) -> list:
        # Bytes of the wired line: a reason for each frame in them.
        return [self.take(piece) if reason == frame.GOOD else reason for reason, piece in self._deframer.feed(data)]

    def _command(self, fields: dict) -> int:
        # For another device, or before the last one was taken up (a step is 100 ms): refused, and may be sent again.
        if fields["target"] != self._source or self._snapshot.command != NONE:
            return frame.OUT_OF_RANGE
        self._snapshot.command = fields["command"]
        return frame.GOOD

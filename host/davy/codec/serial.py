"""A serial line: frames under COBS, each ended by 0x00."""

from __future__ import annotations

from collections import Counter

from davy.codec.decoded import Decoded, Rejected
from davy.codec.frames import decode_frame
from protocol.cobs import Deframer, encode
from protocol.frame import GOOD, REASONS


def encode_serial(frame: bytes) -> bytes:
    """A frame as it goes onto the line, with its delimiter."""
    return encode(frame) + b"\x00"


class SerialReader:
    """Cuts what a line brings into frames; bounded, and back in step at the next delimiter.

    `rejected` counts what was dropped, by reason.
    """

    def __init__(self) -> None:
        self._deframer = Deframer()
        self.rejected: Counter[str] = Counter()

    def feed(self, data: bytes) -> list[Decoded | Rejected]:
        """The frames, good and bad, that are complete now."""
        found: list[Decoded | Rejected] = []
        for reason, frame in self._deframer.feed(data):
            result = decode_frame(frame) if reason == GOOD else Rejected(reason, REASONS[reason])
            if isinstance(result, Rejected):
                self.rejected[result.text] += 1
            found.append(result)
        return found

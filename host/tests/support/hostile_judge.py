"""Whether hostile packets are taken, by the decoders as they are: one chunk of them at a time, seeded, with its counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from davy.codec import Decoded, SerialReader, check_seal, decode_frame, encode_serial, split_seal
from protocol.cobs import Deframer
from protocol.frame import FOREIGN, GOOD, REASONS
from support.hostile_frames import Hostile, Originals, flipped, hostile
from support.two_decoders import TwoAnswers, board_verdict, host_verdict, same_seal, same_verdict

#: One in so many also goes through the board's decoder, and through a serial line.
BOARD_SHARE = 2
LINE_SHARE = 4
#: Failures that are kept with their bytes; the rest is counted.
_KEPT = 20


@dataclass
class Counts:
    """What became of packets. `reasons` is of those that were refused, `kinds` of how they were hurt."""

    made: int = 0
    mended: int = 0
    by_board: int = 0
    by_line: int = 0
    #: Packets that are, byte for byte, good ones: replayed, or hurt in no way that lasts.
    as_they_were: int = 0
    #: Taken though nobody sent them.
    wrong: int = 0
    #: The host's decoder and the board's, or a line's reader, said two things of the same bytes.
    two_answers: int = 0
    crashes: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Take in another's."""
        for name in ("made", "mended", "by_board", "by_line", "as_they_were", "wrong", "two_answers", "crashes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.kinds += other.kinds
        self.reasons += other.reasons
        self.failures = (self.failures + other.failures)[:_KEPT]

    def keep(self, said: str) -> None:
        """One failure's words, as long as there is room."""
        if len(self.failures) < _KEPT:
            self.failures.append(said)


class Judge:
    """Draws packets and puts each to the decoders. The same seed and chunk give the same packets."""

    def __init__(self, seed: int, chunk: int) -> None:
        self._where = f"seed {seed} chunk {chunk}"
        self._dice = Random(f"{seed}:{chunk}")
        self.originals = Originals(self._dice)
        self.counts = Counts()
        self._reader = SerialReader()
        self._board_line = Deframer()

    def run(self, count: int) -> Counts:
        """So many packets; gives the counts. Nothing that a decoder raises ends it: that is counted."""
        counts = self.counts
        for at in range(count):
            packet = hostile(self.originals, self._dice)
            counts.made += 1
            counts.mended += packet.mended
            counts.kinds[packet.kind] += 1
            try:
                counts.reasons[REASONS[self.take(packet, at % BOARD_SHARE == 0)]] += 1
                if at % LINE_SHARE == 0:
                    self._line(packet)
            except TwoAnswers as error:
                counts.two_answers += 1
                counts.keep(f"{self._where}: {packet.kind}: {error}")
            except Exception as error:  # whatever it is: it would have ended a monitor
                counts.crashes += 1
                counts.keep(f"{self._where}: {packet.kind}: {error!r}: {packet.data.hex()}")
        counts.reasons.pop(REASONS[GOOD], None)
        return counts

    def take(self, packet: Hostile, by_board: bool) -> int:
        """The reason for which a receiver of these originals' keys refuses a packet, 0 for one that it takes."""
        originals = self.originals
        frame, mark = split_seal(packet.data)
        if by_board:
            self.counts.by_board += 1
            found = same_verdict(frame)
        else:
            found = decode_frame(frame)
        if not isinstance(found, Decoded):
            return found.reason
        if not packet.mended and frame not in originals.known_frames:
            self._wrong(packet, "its CRC took it")
        key = originals.keys.get(found.source)
        if key is None:
            return FOREIGN
        reason = same_seal(key, packet.data) if by_board else check_seal(key, frame, mark)
        if reason == GOOD:
            if packet.data in originals.known_packets:
                self.counts.as_they_were += 1
            else:
                self._wrong(packet, "its seal took it")
        return reason

    def _line(self, packet: Hostile) -> None:
        # On a line that hurts what is on it; behind it comes a good one, which must be heard.
        dice, counts = self._dice, self.counts
        counts.by_line += 1
        line = encode_serial(packet.data) if packet.data else b"\x00"
        if dice.random() < 0.5:
            line = flipped(line, dice)
        good = self.originals.frames[int(dice.random() * len(self.originals.frames))]
        line += b"\x00" + encode_serial(good)
        cut = int(dice.random() * len(line))
        heard = [*self._reader.feed(line[:cut]), *self._reader.feed(line[cut:])]
        boards = [
            board_verdict(piece) if reason == GOOD else (reason, None, 0, {})
            for reason, piece in self._board_line.feed(line)
        ]
        if [host_verdict(one) for one in heard] != boards:
            raise TwoAnswers(f"host and board heard two things: {line.hex()}")
        if heard[-1] != decode_frame(good):
            raise TwoAnswers(f"out of step after it: {line.hex()}")
        for one in heard:
            if not isinstance(one, Decoded):
                counts.reasons[one.text] += 1
            elif not packet.mended and one not in self.originals.known_messages:
                self._wrong(packet, "the line took it")

    def _wrong(self, packet: Hostile, why: str) -> None:
        self.counts.wrong += 1
        self.counts.keep(f"{self._where}: {packet.kind}: {why}: {packet.data.hex()}")

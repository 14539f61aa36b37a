"""The host's decoder and the board's, asked about the same bytes: they must say the same of any.

The two share the definition and the split before the seal, nothing else: struct and straight-line code with crcmod's CRC and
Python's hmac here, the board's loop over the fields, binascii's CRC and its own HMAC there.
"""

from __future__ import annotations

from typing import Any

from davy.codec import Decoded, Rejected, check_seal, decode_frame, encode_frame, split_seal
from davy.codec.layout import BY_CLASS
from protocol import codec, frame, seal

#: (reason, (source, session, seq, uptime_ms), message type, fields); nothing but the reason of what is refused.
Verdict = tuple[int, tuple[bytes, int, int, int] | None, int, dict[str, Any]]


class TwoAnswers(AssertionError):
    """The decoders differ about some bytes, or do not give back what they took."""


def host_verdict(found: Decoded | Rejected) -> Verdict:
    """What the host's decoder said."""
    if isinstance(found, Rejected):
        return found.reason, None, 0, {}
    message = found.message
    return frame.GOOD, found[:4], BY_CLASS[type(message)].message_type, message._asdict()


def board_verdict(data: bytes) -> Verdict:
    """What the board's decoder says."""
    found = frame.decode(data)
    if found.error != frame.GOOD:
        return found.error, None, 0, {}
    fields, reason = codec.decode(found.message_type, found.payload)
    if reason != frame.GOOD:
        return reason, None, 0, {}
    return reason, (found.source, found.session, found.seq, found.uptime_ms), found.message_type, fields


def same_verdict(data: bytes) -> Decoded | Rejected:
    """What both say of bytes without a seal. Raises TwoAnswers when they differ, or when what they take has another encoding."""
    found = decode_frame(data)
    ours, boards = host_verdict(found), board_verdict(data)
    if ours != boards:
        raise TwoAnswers(f"host {ours}, board {boards}: {data.hex()}")
    if isinstance(found, Decoded):
        again = encode_frame(found.source, found.session, found.seq, found.uptime_ms, found.message)
        payload = codec.encode(boards[2], boards[3])
        boards_again = frame.encode(boards[2], found.source, found.session, found.seq, found.uptime_ms, payload)
        if not again == boards_again == data:
            raise TwoAnswers(
                f"taken {data.hex()}, given back {again.hex()} by the host, {boards_again.hex()} by the board"
            )
    return found


def same_seal(key: bytes, data: bytes) -> int:
    """What both say of a packet's seal: 0 or a reason. Raises TwoAnswers when they differ."""
    bare, mark = split_seal(data)
    ours, boards = check_seal(key, bare, mark), seal.check(key, bare, mark)
    if ours != boards or (bare, mark) != seal.split(data):
        raise TwoAnswers(f"seal: host {ours}, board {boards}: {data.hex()}")
    return ours

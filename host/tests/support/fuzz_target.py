"""What a fuzzer does with its bytes: everything that a stranger's bytes can reach, in both decoders."""

from __future__ import annotations

import json
import struct
from binascii import crc32

from davy.codec import Decoded, SerialReader, encode_serial, seal_frame, seal_key
from davy.paths import FIRMWARE
from protocol import cobs
from protocol.frame import BAD_SEAL, CRC_BYTES, GOOD, HEADER_BYTES, NO_SEAL
from protocol.messages import NAMES, PROTOCOL_VERSION
from support.two_decoders import TwoAnswers, board_verdict, host_verdict, same_seal, same_verdict

KEY = seal_key(bytes(range(32)))


def take(data: bytes) -> None:
    """Bytes as a bare frame, as a sealed one, and as a line's. Raises TwoAnswers, or whatever a decoder raises."""
    _frame(data)
    # No fuzzer finds a CRC, and seldom a length: made right, the bytes reach what is behind them.
    body = bytearray(data[:-CRC_BYTES])
    _frame(_with_crc(body))
    if HEADER_BYTES <= len(body) <= HEADER_BYTES + 0xFFFF:
        struct.pack_into(">BBB", body, 0, PROTOCOL_VERSION, 0, 1 + body[2] % len(NAMES))
        struct.pack_into(">H", body, HEADER_BYTES - 2, len(body) - HEADER_BYTES)
        _frame(_with_crc(body))
    # Nor does one find a seal.
    if same_seal(KEY, data) not in (NO_SEAL, BAD_SEAL):
        raise TwoAnswers(f"a seal out of nothing: {data.hex()}")
    line(data, data[0] if data else 0)


def line(data: bytes, cut: int) -> None:
    """Bytes of a serial line, cut in two at `cut`: what the host hears of them is what the board hears of the whole."""
    reader, deframer = SerialReader(), cobs.Deframer()
    heard = [host_verdict(one) for one in (*reader.feed(data[:cut]), *reader.feed(data[cut:]))]
    boards = [
        board_verdict(piece) if reason == GOOD else (reason, None, 0, {}) for reason, piece in deframer.feed(data)
    ]
    if heard != boards:
        raise TwoAnswers(f"of a line the host heard {heard}, the board {boards}: {data.hex()}")
    stuffed = cobs.encode(data)
    if 0 in stuffed or cobs.decode(stuffed) != data:
        raise TwoAnswers(f"COBS does not give back {data.hex()}")


def _with_crc(body: bytearray) -> bytes:
    return bytes(body) + crc32(body).to_bytes(CRC_BYTES, "big")


def _frame(data: bytes) -> None:
    found = same_verdict(data)
    if not isinstance(found, Decoded):
        return
    packet = seal_frame(KEY, data)
    if same_seal(KEY, packet) != GOOD or same_seal(KEY, data) != NO_SEAL:
        raise TwoAnswers(f"its own seal does not hold: {packet.hex()}")
    if SerialReader().feed(encode_serial(data)) != [found]:
        raise TwoAnswers(f"not heard on a line: {data.hex()}")


def corpus() -> list[bytes]:
    """Where a fuzzer starts: the golden vectors, bare, sealed and as lines."""
    vectors = json.loads((FIRMWARE / "protocol" / "vectors.json").read_text())
    frames = [bytes.fromhex(vector["frame"]) for name in ("good", "bad") for vector in vectors[name]]
    packets = [bytes.fromhex(vector["packet"]) for name in ("sealed", "bad_seal") for vector in vectors[name]]
    return [*frames, *packets, *(encode_serial(frame) for frame in frames), b"".join(map(encode_serial, frames[:3]))]

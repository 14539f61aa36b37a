"""Frames a second on CPython: davy's codec beside pymavlink, and beside bare struct + COBS + crc32.

Encoding is from values to bytes, decoding from bytes to a message with named fields. All three carry a message of
comparable size: davy's STATE (13 fields, 61 bytes with header and CRC), MAVLink 2's
SYS_STATUS (13 fields, 31 bytes of payload), and a bare struct of STATE's fields under COBS. davy's figures include range
checks, the reading/status check and typed results; MAVLink's include its CRC-16; the bare one checks only its CRC.

Needs: pip install -r benchmarks/requirements-protocol.txt
"""

from __future__ import annotations

import binascii
import struct
import sys
import time
from collections.abc import Callable

from davy.codec import Decoded, State, decode_frame, encode_frame

GOAL = 5.0
ROUNDS = 5
CALLS = 20_000

try:
    from cobs import cobs
    from pymavlink.dialects.v20 import common as mavlink
except ImportError as error:
    sys.exit(f"{error.name} is not installed; pip install -r benchmarks/requirements-protocol.txt")


def rate(call: Callable[[], object]) -> float:
    """Calls a second, the best of some rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(CALLS):
            call()
        best = max(best, CALLS / (time.perf_counter() - began))
    return best


def main() -> None:
    source = bytes(range(8))
    state = State(2, 0, 512, 10, 0, 0, 3, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1_825, 0, 0, 2_150, 480, 0, 0, 0)
    frame = encode_frame(source, 7, 41, 512_345, state)
    found = decode_frame(frame)
    assert isinstance(found, Decoded)
    assert found.message == state

    link = mavlink.MAVLink(None, srcSystem=1, srcComponent=1)
    status = link.sys_status_encode(1, 2, 3, 500, 11_000, 100, 80, 1, 2, 3, 4, 5, 6)
    packed = bytes(status.pack(link))
    parser = mavlink.MAVLink(None)
    assert parser.parse_buffer(packed)[0].load == 500

    bare = struct.Struct(">BBB8sIIQHBBIHBBHBBBBII")
    values = (1, 0, 2, source, 7, 41, 512_345, 28, 2, 0, 512, 10, 0, 0, 3, 0, 1, 1, 0, 0, 0)

    def bare_encode() -> bytes:
        body = bare.pack(*values)
        return bytes(cobs.encode(body + struct.pack(">I", binascii.crc32(body))))

    bare_frame = bare_encode()

    def bare_decode() -> tuple[object, ...]:
        body = cobs.decode(bare_frame)
        if binascii.crc32(body[:-4]) != struct.unpack(">I", body[-4:])[0]:
            raise ValueError("crc")
        return bare.unpack(body[:-4])

    def davy_encode() -> bytes:
        return encode_frame(
            source,
            7,
            41,
            512_345,
            State(2, 0, 512, 10, 0, 0, 3, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1_825, 0, 0, 2_150, 480, 0, 0, 0),
        )

    def mavlink_encode() -> bytes:
        return bytes(link.sys_status_encode(1, 2, 3, 500, 11_000, 100, 80, 1, 2, 3, 4, 5, 6).pack(link))

    rates = {
        "davy": (rate(davy_encode), rate(lambda: decode_frame(frame))),
        "pymavlink": (rate(mavlink_encode), rate(lambda: parser.parse_buffer(packed))),
        "bare struct+cobs+crc32": (rate(bare_encode), rate(bare_decode)),
    }
    print(f"{'':<24}{'encode/s':>12}{'decode/s':>12}")
    for name, (encode, decode) in rates.items():
        print(f"{name:<24}{encode:>12,.0f}{decode:>12,.0f}")
    for peer in ("pymavlink", "bare struct+cobs+crc32"):
        encode, decode = (rates["davy"][at] / rates[peer][at] for at in (0, 1))
        both = sum(1 / each for each in rates[peer]) / sum(1 / each for each in rates["davy"])
        goal = f" (goal {GOAL:g} x)" if peer == "pymavlink" else ""
        print(f"davy / {peer}: encode {encode:.2f} x, decode {decode:.2f} x, both in turn {both:.2f} x{goal}")


if __name__ == "__main__":
    main()

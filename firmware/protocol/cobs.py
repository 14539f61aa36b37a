# Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): a frame without 0x00, then 0x00 as its end.
from protocol.frame import BAD_COBS, GOOD, MAX_FRAME_BYTES, TOO_LONG

# Longest encoded frame: one byte of overhead in each 254, and the first code byte.
MAX_ENCODED_BYTES = MAX_FRAME_BYTES + MAX_FRAME_BYTES // 254 + 1


def encode(data: bytes) -> bytes:
    # Without the delimiter.
    out = bytearray(1)
    code_at = 0
    code = 1
    for byte in data:
        if code == 0xFF:
            out[code_at] = code
            code_at = len(out)
            out.append(0)
            code = 1
        if byte:
            out.append(byte)
            code += 1
        else:
            out[code_at] = code
            code_at = len(out)
            out.append(0)
            code = 1
    out[code_at] = code
    return bytes(out)


def decode(data: bytes) -> bytes | None:
    # The bytes, or None when this is no COBS.
    out = bytearray()
    at = 0
    size = len(data)
    while at < size:
        code = data[at]
        end = at + code
        if code == 0 or end > size:
            return None
        chunk = data[at + 1 : end]
        if 0 in chunk:
            return None
        out.extend(chunk)
        at = end
        if code < 0xFF and at < size:
            out.append(0)
    return bytes(out) if size else None


class Deframer:
    # Cuts a serial line into frames. Holds one frame at most, whatever comes.
    def __init__(self) -> None:
        self._held = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> list:
        # A list of (reason, bytes): reason 0 with a whole frame's bytes, or why a stretch was dropped.
        found = []
        start = 0
        size = len(data)
        while start < size:
            end = data.find(b"\x00", start)
            piece_end = size if end < 0 else end
            if not self._overlong:
                if len(self._held) + piece_end - start > MAX_ENCODED_BYTES:
                    self._overlong = True
                    self._held = bytearray()
                else:
                    self._held.extend(data[start:piece_end])
            if end < 0:
                break
            if self._overlong:
                found.append((TOO_LONG, b""))
            elif self._held:
                frame = decode(bytes(self._held))
                found.append((BAD_COBS, b"") if frame is None else (GOOD, frame))
            self._held = bytearray()
            self._overlong = False
            start = end + 1
        return found

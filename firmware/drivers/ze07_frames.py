# The frames of a ZE07-CO, both forms: what it uploads by itself each second, and what it answers when asked.
# Nine bytes: FF, then 04 03 01 HH LL 13 88 (upload) or 86 HH LL . . . . (answer), then the checksum, which is the negated
# sum of bytes 1..7. HH LL are tenths of a ppm. Source: data sheet.
FRAME_BYTES = 9
_START = 0xFF
_GAS_CO = 0x04
_UNIT_PPM = 0x03
_ANSWER = 0x86
QUERY = b"\xff\x01\x86\x00\x00\x00\x00\x00\x79"


def checksum(frame: "bytes | bytearray") -> int:
    total = 0
    for at in range(1, FRAME_BYTES - 1):
        total += frame[at]
    return -total & 0xFF


class Ze07Frames:
    # take() is fed byte after byte; `tenths` is the newest reading, negative until there is one. Counts what is no frame.
    def __init__(self) -> None:
        self.tenths = -1
        self.bad = 0
        self._frame = bytearray(FRAME_BYTES)
        self._filled = 0

    def take(self, byte: int) -> bool:
        # True when this byte completed a good frame.
        frame = self._frame
        if self._filled == 0 and byte != _START:
            return False
        frame[self._filled] = byte
        self._filled += 1
        if self._filled < FRAME_BYTES:
            return False
        tenths = self._read()
        if tenths >= 0:
            self._filled = 0
            self.tenths = tenths
            return True
        self.bad += 1
        self._resume()
        return False

    def _read(self) -> int:
        frame = self._frame
        if frame[8] != checksum(frame):
            return -1
        if frame[1] == _ANSWER:
            return frame[2] << 8 | frame[3]
        if frame[1] == _GAS_CO and frame[2] == _UNIT_PPM:
            return frame[4] << 8 | frame[5]
        return -1

    def _resume(self) -> None:
        # The start that was taken was none: go on from the next that is in the buffer.
        frame = self._frame
        for start in range(1, FRAME_BYTES):
            if frame[start] == _START:
                for at in range(start, FRAME_BYTES):
                    frame[at - start] = frame[at]
                self._filled = FRAME_BYTES - start
                return
        self._filled = 0

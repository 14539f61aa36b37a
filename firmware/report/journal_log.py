# The journal's one file: frames one behind the other, as they are sent, and between them short entries that say which of
# those before are gone. Why one file that grows, and not a small file an event: docs/decisions/0017.
#
# littlefs makes a change of a file whole at its close, or not at all. What else may have become of the bytes is seen by
# each entry's own CRC, and the search goes on behind the damage.
import binascii
import os
import struct

from protocol import messages
from protocol.frame import CRC_BYTES, HEADER_BYTES, MAX_FRAME_BYTES

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_BYTES = 16_384  # of the file; then it is written anew without what is gone
_MOST_READ_BYTES = 2 * MOST_BYTES  # a longer one is none of ours
_BESIDE = "log.new"
_GONE_MARK = 0  # where a frame has its protocol version, which is never 0
_GONE = ">BII"
GONE_BYTES = 9 + CRC_BYTES
_SESSION_AT = 11
_LENGTH_AT = 27


def gone(session: int, seq: int) -> bytes:
    # The entry that says: this event needs no keeping any more.
    body = struct.pack(_GONE, _GONE_MARK, session, seq)
    return body + struct.pack(">I", binascii.crc32(body) & 0xFFFFFFFF)


def heading(frame: bytes) -> tuple:
    # (session, seq) of a frame.
    return struct.unpack_from(">II", frame, _SESSION_AT)


def is_gone(entry: bytes) -> bool:
    return entry[0] == _GONE_MARK


def gone_heading(entry: bytes) -> tuple:
    # (session, seq) of the event that an entry says is gone.
    return struct.unpack_from(">II", entry, 1)


def entry_bytes(data: bytes) -> int:
    # Length of the entry that the data begin with; 0 when it is no whole one with a right CRC.
    size = GONE_BYTES
    if data[0] != _GONE_MARK:
        # An event's payload begins with its kind.
        if len(data) <= HEADER_BYTES or data[2] != messages.EVENT:
            return 0
        size = HEADER_BYTES + (data[_LENGTH_AT] << 8 | data[_LENGTH_AT + 1]) + CRC_BYTES
        if not HEADER_BYTES + CRC_BYTES < size <= MAX_FRAME_BYTES:
            return 0
    if len(data) < size:
        return 0
    body = size - CRC_BYTES
    right = struct.unpack_from(">I", data, body)[0]
    return size if binascii.crc32(data[:body]) & 0xFFFFFFFF == right else 0


def _next_candidate(data: bytes) -> int:
    # Offset, from 1, of the next byte that an entry could begin with.
    for at in range(1, len(data)):
        if data[at] == _GONE_MARK or at + 2 >= len(data) or data[at + 2] == messages.EVENT:
            return at
    return len(data)


class Log:
    # Everything here may raise OSError; then the file is as it was.
    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._path = directory + "/log"
        self._beside = directory + "/" + _BESIDE
        self.size = 0

    def prepare(self) -> None:
        try:
            os.stat(self._directory)
        except OSError:
            os.mkdir(self._directory)
        if _BESIDE in os.listdir(self._directory):
            os.remove(self._beside)  # of a rewriting that a power cut ended

    def entries(self) -> "Any":
        # A generator of (offset, entry): each whole one, and b"" once for each run of bytes that are none.
        # A file that is not there has none.
        self.size = 0
        try:
            file = open(self._path, "rb")
        except OSError as error:
            if error.args[0] == 2:  # ENOENT
                return
            raise
        with file:
            self.size = file.seek(0, 2)
            end = min(self.size, _MOST_READ_BYTES)
            at = 0
            damaged = False
            while at < end:
                file.seek(at)
                data = file.read(MAX_FRAME_BYTES)
                size = entry_bytes(data)
                if size:
                    damaged = False
                    yield at, data[:size]
                    at += size
                else:
                    if not damaged:
                        damaged = True
                        yield at, b""
                    at += _next_candidate(data)
            if self.size > end and not damaged:
                yield at, b""

    def append(self, data: bytes) -> int:
        # Offset at which they begin. In the file for good when this returns.
        with open(self._path, "ab") as file:
            at = int(file.seek(0, 2))
            # The first byte makes littlefs copy the file's last sector into a new one; the others may need one more. Each
            # is a call by itself, so that a step of the safety loop gets in between.
            file.write(data[:1])
            file.write(data[1:])
        self.size = at + len(data)
        return at

    def read(self, at: int, size: int) -> bytes:
        with open(self._path, "rb") as file:
            file.seek(at)
            return bytes(file.read(size))

    def rewrite(self, spans: "Any", data: bytes) -> None:
        # Makes the file hold these (offset, length) of its present content, one behind the other, and the data behind them.
        size = len(data)
        with open(self._path, "rb") as old, open(self._beside, "wb") as new:
            for at, length in spans:
                old.seek(at)
                new.write(old.read(length))
                size += length
            new.write(data)
        os.rename(self._beside, self._path)
        self.size = size

    def remove(self) -> None:
        os.remove(self._path)
        self.size = 0

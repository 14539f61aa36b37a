# Are the files still what was put on the board? Settings by CRC, the program by its image hash.
import binascii
import hashlib
import os

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CHUNK_BYTES = 512


def _pieces(name: str, buffer: bytearray) -> "Any":
    # Views of the file's bytes, piece by piece.
    view = memoryview(buffer)
    with open("/" + name, "rb") as file:
        while True:
            count = file.readinto(buffer)
            if not count:
                return
            yield view[:count]


class ParameterFiles:
    # expected: name -> CRC-32 of each file of settings.
    def __init__(self, expected: dict) -> None:
        self._expected = expected
        self._buffer = bytearray(_CHUNK_BYTES)

    def wrong(self) -> str:
        # Name of the first file that is not as it should be; "" when all are.
        if not self._expected:
            return "crc.json"
        for name, expected in self._expected.items():
            crc = 0
            try:
                for piece in _pieces(name, self._buffer):
                    crc = binascii.crc32(piece, crc)
            except OSError:
                return str(name)
            if crc & 0xFFFFFFFF != expected:
                return str(name)
        return ""


class ProgramImage:
    # about: /image.json: the names and the SHA-256 over names, lengths and bytes, in the order of the names.
    def __init__(self, about: dict) -> None:
        self._names = about.get("files", [])
        self._expected = about.get("sha256", "")
        self._buffer = bytearray(_CHUNK_BYTES)
        self.wrong = False

    def check(self) -> "Any":
        # A generator: one piece a turn, so that others get theirs. Sets `wrong` at its end.
        digest = hashlib.sha256()
        try:
            for name in self._names:
                digest.update(("%s\x00%d\x00" % (name, os.stat("/" + name)[6])).encode())
                for piece in _pieces(name, self._buffer):
                    digest.update(piece)
                    yield None
        except OSError:
            self.wrong = True
            return
        self.wrong = not self._names or binascii.hexlify(digest.digest()).decode() != self._expected

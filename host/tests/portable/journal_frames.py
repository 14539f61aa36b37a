# Frames of events for the journal's cases, and a directory for it on whatever interpreter this is.
from protocol import frame, messages

SOURCE = b"\x01\x02\x03\x04\x05\x06\x07\x08"
KINDS = messages.ENUMS["event"]


def event(session: int, seq: int, kind: str = "fault", payload_bytes: int = 30) -> bytes:
    # payload_bytes: an event's payload has 30; what a later version adds makes it longer.
    payload = bytes([KINDS.index(kind)]) + bytes([(seq * 31 + n) & 0xFF for n in range(payload_bytes - 1)])
    return frame.encode(messages.EVENT, SOURCE, session, seq, 1000 * seq, payload)


class Random:
    # The same numbers on every interpreter.
    def __init__(self, seed: int) -> None:
        self._x = seed * 2654435761 % 4294967291 + 1

    def below(self, limit: int) -> int:
        x = self._x
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self._x = x
        return x % limit


def mounted(flash: object, where: str = "/flash") -> None:
    vfs = __import__("vfs")
    vfs.mount(vfs.VfsLfs2(flash), where)


def formatted(flash: object) -> None:
    __import__("vfs").VfsLfs2.mkfs(flash)


def unmounted(where: str = "/flash") -> None:
    __import__("vfs").umount(where)

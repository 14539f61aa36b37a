# NOR flash in RAM, as a block device for littlefs: it counts, it refuses, and its power can be cut within an operation.
# A program clears bits and only an erase sets them, as in the chip.

BLOCK_BYTES = 4096
EIO = -5
WHOLE, NOTHING, HALF, GARBAGE = 0, 1, 2, 3  # what a cut leaves of the operation that it hits

# For the type checker only.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class PowerCut(Exception):
    pass


class Flash:
    def __init__(self, blocks: int, content: bytes = b"") -> None:
        self.blocks = blocks
        self.data = bytearray(b"\xff" * (blocks * BLOCK_BYTES))
        self.data[: len(content)] = content
        self.on_change: Any = (
            None  # called before each program and erase with ("program", at, bytes) or ("erase", at, b"")
        )
        self.cut_in = -1  # changes until the power is cut; negative: never
        self.cut_leaves = NOTHING
        self.refuses = False  # each program and erase
        self.dead = False  # the power is cut: a file that is still open on it must not be able to write
        self.zero()

    def zero(self) -> None:
        self.programs = self.program_bytes = self.erases = self.reads = 0

    def readblocks(self, block: int, buf: bytearray, offset: int = 0) -> int:
        if self.dead:
            return EIO
        at = block * BLOCK_BYTES + offset
        buf[:] = memoryview(self.data)[at : at + len(buf)]
        self.reads += 1
        return 0

    def writeblocks(self, block: int, buf: bytes, offset: int = -1) -> int:
        if self.dead or self.refuses:
            return EIO
        if offset < 0:
            self.ioctl(6, block)
            offset = 0
        self.programs += 1
        self.program_bytes += len(buf)
        self._change("program", block * BLOCK_BYTES + offset, bytes(buf))
        return 0

    def ioctl(self, request: int, argument: int) -> int:
        if request == 4:
            return self.blocks
        if request == 5:
            return BLOCK_BYTES
        if request == 6:
            if self.dead or self.refuses:
                return EIO
            self.erases += 1
            self._change("erase", argument * BLOCK_BYTES, b"")
        return 0

    def _change(self, what: str, at: int, data: bytes) -> None:
        if self.on_change:
            self.on_change(what, at, data)
        if self.cut_in == 0:
            apply(self.data, what, at, data, self.cut_leaves)
            self.dead = True
            raise PowerCut
        self.cut_in -= 1
        apply(self.data, what, at, data, WHOLE)


def apply(content: bytearray, what: str, at: int, data: bytes, leaves: int) -> None:
    # One change, or what a cut leaves of it.
    if leaves == NOTHING:
        return
    if what == "erase":
        if leaves == GARBAGE:
            # Cells that were on their way: a pattern that is neither the old content nor empty.
            content[at : at + BLOCK_BYTES] = bytes([n * 167 + 13 & 0xFF for n in range(256)]) * (BLOCK_BYTES // 256)
        else:
            count = BLOCK_BYTES if leaves == WHOLE else BLOCK_BYTES // 2
            content[at : at + count] = b"\xff" * count
        return
    count = len(data) if leaves == WHOLE else len(data) // 2
    for n in range(count):
        content[at + n] &= data[n]
    if leaves == GARBAGE:
        for n in range(count, len(data), 3):
            content[at + n] &= data[n] | 0x5A

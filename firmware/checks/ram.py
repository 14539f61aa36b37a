# A march through a block of memory: every bit is written and read back as 0 and as 1, in both directions, so that stuck
# bits and cells that follow their neighbours show. MicroPython gives no other access to its memory than a block of the
# heap; a new one each time, so that over the days another part of it is tried.
# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BLOCK_BYTES = 1024
_PATTERNS = (0x00, 0xFF, 0x55, 0xAA)


def march(block: "Any") -> bool:
    # block: a bytearray, or what behaves like one. True when every cell held. Leaves the block at the last pattern.
    count = len(block)
    before = _PATTERNS[0]
    for at in range(count):
        block[at] = before
    for pattern in _PATTERNS[1:]:
        for at in range(count):
            if block[at] != before:
                return False
            block[at] = pattern
        for at in range(count - 1, -1, -1):
            if block[at] != pattern:
                return False
            block[at] = before
            block[at] = pattern
        before = pattern
    return True

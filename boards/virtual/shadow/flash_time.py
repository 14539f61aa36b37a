# What a flash costs: while it programs or erases, the chip stands still (its code lies in the same flash), and a power cut in
# the middle leaves half of it. The supervisor hears of each operation.
import struct

import kernel

PAGE_BYTES = 256
SECTOR_BYTES = 4096
# Typical of a W25Q32 or GD25Q32 [R]: first byte 30 us and 2.6 us each (a page 0.7 ms), a sector 45 ms. Reading costs nothing here.
FIRST_BYTE_US = 30
BYTE_NS = 2_600
ERASE_US = 45_000

PROGRAM = 0
ERASE = 1
_OUT_FLASH = 30
_SYNC_POWER_LOST = 31
_IN_FLASH_CUT = 21
_NEVER = 0
_ERASED_PAGE = b"\xff" * PAGE_BYTES

_owed_us = 0
_left = [_NEVER]  # operations until the power goes in the middle of one; 0 = it stays


def power_goes_in(count):
    # In the middle of the count-th operation from now; 0 for never.
    _left[0] = count


def block_us(us):
    # Too short for the clock one by one: added up.
    global _owed_us
    _owed_us += us
    if _owed_us >= 1000:
        ms = _owed_us // 1000
        _owed_us -= ms * 1000
        kernel.block(ms)


def spend(programs, program_bytes, erases):
    # Operations that somebody else did on this chip's flash.
    if _left[0]:
        _left[0] -= programs + erases
    block_us(programs * FIRST_BYTE_US + program_bytes * BYTE_NS // 1000 + erases * ERASE_US)


def program(image, at, data):
    # Page by page, as the chip takes it. image: the open file.
    view = memoryview(data)
    while len(view):
        count = min(PAGE_BYTES - at % PAGE_BYTES, len(view))
        last = _last()
        image.seek(at)
        image.write(view[: count // 2 if last else count])
        _tell(PROGRAM, count, last)
        block_us(FIRST_BYTE_US + count * BYTE_NS // 1000)
        view = view[count:]
        at += count


def erase(image, at):
    # One sector. In small pieces: the shadow must not ask the board's heap for a large one.
    last = _last()
    image.seek(at)
    for _ in range(SECTOR_BYTES // PAGE_BYTES // (2 if last else 1)):
        image.write(_ERASED_PAGE)
    _tell(ERASE, SECTOR_BYTES, last)
    block_us(ERASE_US)


def _last():
    # Whether this operation is the one in which the power goes.
    if not _left[0]:
        return False
    _left[0] -= 1
    return _left[0] == 0


def _tell(kind, count, last):
    kernel.output(_OUT_FLASH, struct.pack("<BH", kind, count))
    if last:
        kernel.sync(_SYNC_POWER_LOST)


def _told(body):
    power_goes_in(struct.unpack("<I", body)[0])


kernel.inputs[_IN_FLASH_CUT] = _told

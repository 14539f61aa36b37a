"""The ESP-IDF non-volatile store (format version 2), read and written in the flash image.

Pages of 4096 bytes: a 32-byte header, a bitmap with 2 bits an entry, 126 entries of 32 bytes. A value that is set
again is written anew and the old entry marked erased; a full page gives way to a free one, and the page with the
most erased entries is then emptied. Source: the ESP-IDF description of the NVS library.
Kinds kept: i32 and blob, the two that MicroPython offers; entries of other kinds are left as they are.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from davy.board.flash_chip import PowerLost
from davy.board.flash_wear import ERASE, PROGRAM
from davy.image.partitions import BLOCK_BYTES, NVS, Partition

NOT_FOUND = -0x1102
TYPE_MISMATCH = -0x1103
NOT_ENOUGH_SPACE = -0x1105
VALUE_TOO_LONG = -0x110E

_EMPTY_PAGE, _ACTIVE, _FULL, _FREEING = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFC, 0xFFFFFFF8
_VERSION_2 = 0xFE
_ENTRIES = 126
_ENTRY_BYTES = 32
_HEADER = struct.Struct("<IIB19sI")
_WRITTEN, _ERASED, _FREE = 0b10, 0b00, 0b11
_KIND_U8, _KIND_I32, _KIND_STR = 0x01, 0x14, 0x21
_KIND_BLOB_OLD, _KIND_BLOB_DATA, _KIND_BLOB_INDEX = 0x41, 0x42, 0x48
_WITH_DATA = (_KIND_BLOB_DATA, _KIND_STR, _KIND_BLOB_OLD)
_ANY_CHUNK = 0xFF
#: Longest blob of one chunk: a whole page less its own entry.
MAX_BLOB_BYTES = (_ENTRIES - 1) * _ENTRY_BYTES


class NvsError(Exception):
    """An operation that ESP-IDF refuses; `code` is its (negative) error number."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"NVS error {code:#x}")


@dataclass(frozen=True)
class _Entry:
    page: int
    at: int
    namespace: int
    kind: int
    span: int
    chunk: int
    key: str
    data: bytes


def _crc(data: bytes) -> int:
    return binascii.crc32(data, 0xFFFFFFFF) & 0xFFFFFFFF


class NvsPartition:
    """The partition in a flash file. Every change is in the file when the call returns."""

    def __init__(
        self, flash: Path, partition: Partition = NVS, on_operation: Callable[[str, int], bool] | None = None
    ) -> None:
        """`on_operation(kind, length)` hears of each program and erase; when it says True, half is done and PowerLost raised."""
        self._flash = flash
        self._on_operation = on_operation
        self._partition = partition
        with flash.open("rb") as file:
            file.seek(partition.offset)
            self._bytes = bytearray(file.read(partition.length))
        self._pages = partition.length // BLOCK_BYTES
        self._finish_freeing()

    def get_i32(self, namespace: str, key: str) -> int:
        """Raises NvsError NOT_FOUND, or TYPE_MISMATCH when the key holds something else."""
        entry = self._find(namespace, key, (_KIND_I32,))
        return int(struct.unpack("<i", entry.data[:4])[0])

    def set_i32(self, namespace: str, key: str, value: int) -> None:
        """Raises NvsError NOT_ENOUGH_SPACE when every page is full of living entries."""
        data = struct.pack("<i", value)
        old = self._live(namespace, key)
        if len(old) == 1 and old[0].kind == _KIND_I32 and old[0].data[:4] == data:
            return  # ESP-IDF too spares the flash a value it already holds
        self._write(self._namespace(namespace), _KIND_I32, _ANY_CHUNK, key, data.ljust(8, b"\xff"))
        self._erase_all(old)

    def get_blob(self, namespace: str, key: str) -> bytes:
        """Raises NvsError NOT_FOUND, or TYPE_MISMATCH when the key holds something else."""
        index = self._find(namespace, key, (_KIND_BLOB_INDEX,))
        count, base = index.data[4:6]
        # Those that the index counts: a power cut may have left some of another version beside them.
        chunks = [
            entry
            for entry in self._live(namespace, key)
            if entry.kind == _KIND_BLOB_DATA and base <= entry.chunk < base + count
        ]
        return b"".join(entry.data for entry in sorted(chunks, key=lambda entry: entry.chunk))

    def set_blob(self, namespace: str, key: str, value: bytes) -> None:
        """Raises NvsError VALUE_TOO_LONG over MAX_BLOB_BYTES, or NOT_ENOUGH_SPACE."""
        if len(value) > MAX_BLOB_BYTES:
            raise NvsError(VALUE_TOO_LONG)
        old = self._live(namespace, key)
        # A new version of a blob counts its chunks from the other half of the range (VerOffset).
        base = 0x80 if any(e.kind == _KIND_BLOB_DATA and e.chunk < 0x80 for e in old) else 0
        number = self._namespace(namespace)
        self._write(number, _KIND_BLOB_DATA, base, key, _size_and_crc(value), value)
        index = struct.pack("<IBB2s", len(value), 1, base, b"\xff\xff")
        self._write(number, _KIND_BLOB_INDEX, _ANY_CHUNK, key, index)
        self._erase_all(old)

    def erase_key(self, namespace: str, key: str) -> None:
        """Raises NvsError NOT_FOUND."""
        old = self._live(namespace, key)
        if not old:
            raise NvsError(NOT_FOUND)
        self._erase_all(old)

    # What lies where

    def _entries(self) -> Iterator[_Entry]:
        for page in sorted(self._used_pages(), key=self._sequence):
            at = 0
            while at < _ENTRIES:
                span = 1
                if self._entry_state(page, at) == _WRITTEN:
                    head = self._entry_bytes(page, at)
                    number, kind, span, chunk = head[:4]
                    intact = _crc(head[:4] + head[8:]) == struct.unpack_from("<I", head, 4)[0]
                    if intact and 1 <= span <= _ENTRIES - at:
                        data = head[24:32]
                        if kind in _WITH_DATA:
                            length = struct.unpack_from("<H", data)[0]
                            start = self._entry_offset(page, at + 1)
                            data = bytes(self._bytes[start : start + length])
                        key = head[8:24].split(b"\0")[0].decode("ascii", "replace")
                        yield _Entry(page, at, number, kind, span, chunk, key, data)
                    else:
                        span = 1
                at += span

    def _live(self, namespace: str, key: str) -> list[_Entry]:
        number = self._known_namespace(namespace)
        return [e for e in self._entries() if number is not None and e.namespace == number and e.key == key]

    def _find(self, namespace: str, key: str, kinds: tuple[int, ...]) -> _Entry:
        living = self._live(namespace, key)
        # The newest: a power cut between writing it and erasing the old one leaves both.
        for entry in reversed(living):
            if entry.kind in kinds:
                return entry
        raise NvsError(TYPE_MISMATCH if living else NOT_FOUND)

    def _known_namespace(self, name: str) -> int | None:
        for entry in self._entries():
            if entry.namespace == 0 and entry.key == name:
                return entry.data[0]
        return None

    def _namespace(self, name: str) -> int:
        number = self._known_namespace(name)
        if number is None:
            taken = {entry.data[0] for entry in self._entries() if entry.namespace == 0}
            number = next(n for n in range(1, 255) if n not in taken)
            self._write(0, _KIND_U8, _ANY_CHUNK, name, bytes((number,)).ljust(8, b"\xff"))
        return number

    # Pages and entries

    def _entry_offset(self, page: int, at: int) -> int:
        return page * BLOCK_BYTES + 64 + at * _ENTRY_BYTES

    def _entry_bytes(self, page: int, at: int) -> bytes:
        start = self._entry_offset(page, at)
        return bytes(self._bytes[start : start + _ENTRY_BYTES])

    def _entry_state(self, page: int, at: int) -> int:
        return self._bytes[page * BLOCK_BYTES + 32 + at // 4] >> (at % 4 * 2) & 3

    def _set_entry_state(self, page: int, at: int, state: int) -> None:
        offset = page * BLOCK_BYTES + 32 + at // 4
        shift = at % 4 * 2
        # Flash bits only go from 1 to 0.
        self._program(offset, bytes((self._bytes[offset] & (~(3 << shift) | state << shift) & 0xFF,)))

    def _state(self, page: int) -> int:
        return int(struct.unpack_from("<I", self._bytes, page * BLOCK_BYTES)[0])

    def _sequence(self, page: int) -> int:
        return int(struct.unpack_from("<I", self._bytes, page * BLOCK_BYTES + 4)[0])

    def _free_from(self, page: int) -> int:
        used = [at for at in range(_ENTRIES) if self._entry_state(page, at) != _FREE]
        return used[-1] + 1 if used else 0

    def _program(self, offset: int, data: bytes, kind: str = PROGRAM) -> None:
        cut = self._on_operation is not None and self._on_operation(kind, len(data))
        if cut:
            data = data[: len(data) // 2]
        self._bytes[offset : offset + len(data)] = data
        with self._flash.open("r+b") as file:
            file.seek(self._partition.offset + offset)
            file.write(data)
        if cut:
            raise PowerLost

    def _set_page_state(self, page: int, state: int) -> None:
        self._program(page * BLOCK_BYTES, struct.pack("<I", state))

    def _open_page(self, page: int) -> None:
        sequence = 1 + max((self._sequence(used) for used in self._used_pages()), default=-1)
        tail = struct.pack("<IB19s", sequence, _VERSION_2, b"\xff" * 19)
        self._program(page * BLOCK_BYTES, struct.pack("<I", _ACTIVE) + tail + struct.pack("<I", _crc(tail)))

    def _used_pages(self) -> list[int]:
        return [page for page in range(self._pages) if self._state(page) != _EMPTY_PAGE]

    def _write(self, namespace: int, kind: int, chunk: int, key: str, data: bytes, more: bytes = b"") -> None:
        span = 1 + (len(more) + _ENTRY_BYTES - 1) // _ENTRY_BYTES
        page, at = self._room_for(span)
        head = bytes((namespace, kind, span, chunk))
        tail = key.encode().ljust(16, b"\0") + data
        body = head + struct.pack("<I", _crc(head + tail)) + tail + more.ljust((span - 1) * _ENTRY_BYTES, b"\xff")
        self._program(self._entry_offset(page, at), body)
        for entry in range(at, at + span):
            self._set_entry_state(page, entry, _WRITTEN)

    def _room_for(self, span: int) -> tuple[int, int]:
        for page in self._used_pages():
            if self._state(page) == _ACTIVE:
                at = self._free_from(page)
                if at + span <= _ENTRIES:
                    return page, at
                self._set_page_state(page, _FULL)
        empty = [page for page in range(self._pages) if self._state(page) == _EMPTY_PAGE]
        if len(empty) > 1:
            self._open_page(empty[0])
            return empty[0], 0
        return self._compact(empty[0], span)

    def _compact(self, spare: int, span: int) -> tuple[int, int]:
        # The last empty page is kept for this: it takes the living entries of the page with the fewest.
        living: dict[int, list[_Entry]] = {page: [] for page in self._used_pages()}
        for entry in self._entries():
            living[entry.page].append(entry)
        victim = min(living, key=lambda page: sum(entry.span for entry in living[page]))
        if sum(entry.span for entry in living[victim]) + span > _ENTRIES:
            raise NvsError(NOT_ENOUGH_SPACE)
        self._set_page_state(victim, _FREEING)
        self._open_page(spare)
        at = 0
        for entry in living[victim]:
            start = self._entry_offset(victim, entry.at)
            moved = bytes(self._bytes[start : start + entry.span * _ENTRY_BYTES])
            self._program(self._entry_offset(spare, at), moved)
            for each in range(at, at + entry.span):
                self._set_entry_state(spare, each, _WRITTEN)
            at += entry.span
        self._program(victim * BLOCK_BYTES, b"\xff" * BLOCK_BYTES, ERASE)
        return spare, at

    def _finish_freeing(self) -> None:
        # What a power cut left of a compaction; ESP-IDF too ends it at the next start.
        for page in [used for used in self._used_pages() if self._state(used) == _FREEING]:
            entries = list(self._entries())
            kept = {(e.namespace, e.kind, e.chunk, e.key) for e in entries if e.page != page}
            self._set_page_state(page, _FULL)
            for entry in entries:
                if entry.page == page and (entry.namespace, entry.kind, entry.chunk, entry.key) not in kept:
                    start = self._entry_offset(page, entry.at)
                    self._append(bytes(self._bytes[start : start + entry.span * _ENTRY_BYTES]))
            self._program(page * BLOCK_BYTES, b"\xff" * BLOCK_BYTES, ERASE)

    def _append(self, body: bytes) -> None:
        # To the page that is being written; it has room, for all of it comes out of one page.
        active = [used for used in self._used_pages() if self._state(used) == _ACTIVE]
        if not active:
            active = [page for page in range(self._pages) if self._state(page) == _EMPTY_PAGE][:1]
            self._open_page(active[0])
        page = active[0]
        at = self._free_from(page)
        self._program(self._entry_offset(page, at), body)
        for entry in range(at, at + len(body) // _ENTRY_BYTES):
            self._set_entry_state(page, entry, _WRITTEN)

    def _erase_all(self, entries: list[_Entry]) -> None:
        # Compaction may have moved them since they were found: look again by what they are.
        wanted = {(e.namespace, e.kind, e.chunk, e.key, e.data) for e in entries}
        remaining = len(entries)
        for entry in list(self._entries()):
            if remaining and (entry.namespace, entry.kind, entry.chunk, entry.key, entry.data) in wanted:
                for each in range(entry.at, entry.at + entry.span):
                    self._set_entry_state(entry.page, each, _ERASED)
                remaining -= 1


def _size_and_crc(value: bytes) -> bytes:
    return struct.pack("<H2sI", len(value), b"\xff\xff", _crc(value))

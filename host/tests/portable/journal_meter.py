# What a way of keeping events costs on flash: each call into the file system by itself, since a step of the safety loop can
# come between two of them, and not within one. Unix port only.
import os

from flash_model import Flash
from journal_frames import event, mounted, unmounted

from report import journal_log as log_room
from report.journal import Journal

# For the type checker only.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

journal_log: "Any" = log_room
BLOCKS = 512
# Erase of a sector and program of a page of 256 bytes: typical figures of a data sheet; a read: a small esp_partition_read.
ERASE_US, PAGE_US, READ_US = 45_000, 700, 75
RECORD_BYTES = 63


class Meter:
    # Counts over a flash; `worst` of a single call, in us and as (erases, programmed bytes, reads).
    def __init__(self, flash: "Any") -> None:
        self.flash = flash
        self.begin()

    def begin(self) -> None:
        self.programmed = self.erased = self.reads = self.spent_us = 0
        self.worst_us = 0
        self.worst = (0, 0, 0)

    def call(self, function: "Any", *arguments: "Any") -> "Any":
        flash = self.flash
        flash.zero()
        result = function(*arguments)
        spent_us = flash.erases * ERASE_US + flash.program_bytes * PAGE_US // 256 + flash.reads * READ_US
        self.programmed += flash.program_bytes
        self.erased += flash.erases
        self.reads += flash.reads
        self.spent_us += spent_us
        if spent_us > self.worst_us:
            self.worst_us = spent_us
            self.worst = (flash.erases, flash.program_bytes, flash.reads)
        return result


class MeteredFile:
    def __init__(self, meter: Meter, file: "Any") -> None:
        self._meter = meter
        self._file = file

    def __enter__(self) -> "MeteredFile":
        return self

    def __exit__(self, *reason: "Any") -> None:
        self._meter.call(self._file.close)

    def seek(self, *arguments: int) -> "Any":
        return self._meter.call(self._file.seek, *arguments)

    def read(self, count: int) -> "Any":
        return self._meter.call(self._file.read, count)

    def write(self, data: bytes) -> "Any":
        return self._meter.call(self._file.write, data)


class MeteredOs:
    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def mkdir(self, path: str) -> None:
        self._meter.call(os.mkdir, path)

    def stat(self, path: str) -> "Any":
        return self._meter.call(os.stat, path)

    def listdir(self, path: str) -> "Any":
        return self._meter.call(os.listdir, path)

    def remove(self, path: str) -> None:
        self._meter.call(os.remove, path)

    def rename(self, old: str, new: str) -> None:
        self._meter.call(os.rename, old, new)


class TheJournal:
    def __init__(self, meter: Meter) -> None:
        journal_log.os = MeteredOs(meter)
        journal_log.open = lambda path, mode: MeteredFile(meter, meter.call(open, path, mode))
        self._journal = Journal("/flash/journal")
        self._journal.load()

    def put(self, number: int) -> None:
        self._journal.put(event(1, number))
        assert not self._journal.failed

    def forget(self, number: int) -> None:
        assert self._journal.acknowledged(1, number)


class FilePerEvent:
    # Small enough for littlefs to keep it within the directory.
    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        meter.call(os.mkdir, "/flash/other")

    def put(self, number: int) -> None:
        with MeteredFile(self._meter, self._meter.call(open, "/flash/other/%08x" % number, "wb")) as file:
            file.write(event(1, number))

    def forget(self, number: int) -> None:
        self._meter.call(os.remove, "/flash/other/%08x" % number)


class SlotPerEvent:
    # The same with names that stay: a put is one commit instead of two.
    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._slots: list[int] = [-1] * 128
        meter.call(os.mkdir, "/flash/other")

    def _write(self, slot: int, data: bytes) -> None:
        with MeteredFile(self._meter, self._meter.call(open, "/flash/other/%d" % slot, "wb")) as file:
            file.write(data)

    def put(self, number: int) -> None:
        slot = self._slots.index(-1)
        self._slots[slot] = number
        self._write(slot, event(1, number))

    def forget(self, number: int) -> None:
        slot = self._slots.index(number)
        self._slots[slot] = -1
        self._write(slot, b"")


class Segments:
    # Files of 16 events that grow, a flush an event; a file goes with the last of its events.
    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._left: dict[int, int] = {}
        meter.call(os.mkdir, "/flash/other")

    def put(self, number: int) -> None:
        segment = number // 16
        self._left[segment] = self._left.get(segment, 16)
        with MeteredFile(self._meter, self._meter.call(open, "/flash/other/%x" % segment, "ab")) as file:
            file.write(event(1, number))

    def forget(self, number: int) -> None:
        segment = number // 16
        self._left[segment] -= 1
        if not self._left[segment]:
            self._meter.call(os.remove, "/flash/other/%x" % segment)


WAYS: "dict[str, Any]" = {"journal": TheJournal, "file": FilePerEvent, "slot": SlotPerEvent, "segments": Segments}


def measure(way: str, image: bytes, waiting: int, events: int) -> "dict[str, Any]":
    # Of one event, put and forgotten, while so many others wait.
    flash = Flash(BLOCKS, image)
    mounted(flash)
    meter = Meter(flash)
    keeper = WAYS[way](meter)
    start_us = meter.worst_us
    meter.begin()
    for number in range(waiting):
        keeper.put(number)
    fill_us, fill = meter.worst_us, meter.worst
    meter.begin()
    put_us = forget_us = 0
    for number in range(events):
        before_us = meter.spent_us
        keeper.put(waiting + number)
        put_us = max(put_us, meter.spent_us - before_us)
        before_us = meter.spent_us
        keeper.forget(number)
        forget_us = max(forget_us, meter.spent_us - before_us)
    unmounted()
    return {
        "programmed": meter.programmed / events / RECORD_BYTES,
        "erased": meter.erased / events,
        "reads": meter.reads / events,
        "mean_us": meter.spent_us // events,
        "worst_us": max(meter.worst_us, fill_us),
        "worst": meter.worst if meter.worst_us >= fill_us else fill,
        "start_us": start_us,
        "put_us": put_us,
        "forget_us": forget_us,
    }

# A file system for one case of the journal: littlefs on the unix port, the host's own on CPython.
import os
import sys

from journal_frames import formatted, mounted, unmounted

from report.journal import CAPACITY, Journal
from report.journal_log import entry_bytes, heading

# For the type checker only.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ON_LITTLEFS = sys.implementation.name == "micropython"
_HOLDER: "list[Any]" = []


class Room:
    # A file system of its own for one case.
    def __init__(self, blocks: int = 64) -> None:
        if ON_LITTLEFS:
            from flash_model import Flash

            if _HOLDER:
                unmounted()
            _HOLDER[:] = [Flash(blocks)]
            self.flash: Any = _HOLDER[0]
            formatted(self.flash)
            mounted(self.flash)
            self._above = "/flash"
        else:
            import tempfile

            _HOLDER[:] = [tempfile.TemporaryDirectory()]
            self._above = _HOLDER[0].name
        self._name = "journal"
        self.path = self._above + "/journal"

    def boot(self, capacity: int = CAPACITY) -> Journal:
        journal = Journal(self.path, capacity)
        journal.load()
        return journal

    def log(self) -> bytes:
        with open(self.path + "/log", "rb") as file:
            return bytes(file.read())

    def leave(self, data: bytes, name: str = "log") -> None:
        if self._name not in os.listdir(self._above):
            os.mkdir(self.path)
        with open(self.path + "/" + name, "wb") as file:
            file.write(data)


def held(journal: Journal) -> "list[tuple[int, int]]":
    # (session, seq) in the order of sending; each frame is read and must be whole.
    order: list[tuple[int, int]] = []
    while True:
        key = journal.next_unsent()
        if key is None:
            journal.forget_sent()
            return order
        data = journal.frame(key)
        if data:
            assert entry_bytes(data) == len(data)
            order.append(heading(data))
            journal.mark_sent(key)

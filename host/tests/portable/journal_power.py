# A long random life of the journal on littlefs, with the power cut at every program and every erase of it. Unix port only.
#
# The model is the contract, not the code: what a put returned for is there whole, unless it was acknowledged or given up;
# what comes back beyond that was once put; few that were acknowledged come back.
from flash_model import GARBAGE, HALF, NOTHING, WHOLE, Flash, PowerCut, apply
from journal_frames import Random, event, formatted, mounted, unmounted

from report import journal as journal_room
from report.journal import Journal
from report.journal_log import Log, heading

# For the type checker only.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Key = tuple[int, int]

journal_module: "Any" = journal_room
CAPACITY = 8
BLOCKS = 16
KINDS = ("button", "self_test", "fault", "alarm")  # in the order in which they are given up
MOST_BACK = 16  # acknowledgements that may be put off
IN_PROGRESS = 2  # the one that is put, and the one that goes for it


class Life:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.seed = seed
        self.flash = Flash(BLOCKS)
        formatted(self.flash)
        self.live: dict[Key, int] = {}  # (session, seq) -> kind's number
        self.put: dict[Key, int] = {}  # the same, of everything that was ever put
        self.sure: set[Key] = set()  # must be there whatever happens to the operation in progress
        self.session = 0
        self.seq = 0
        self.changes: list[tuple[str, int, bytes, set[Key]]] = []
        self.images = 0
        self.reboots = 0

    def one_session(self, operations: int) -> None:
        # From a boot to a cut of the power in the middle of a change.
        self.session += 1
        self.reboots += 1
        before = bytes(self.flash.data)
        self.changes = []
        self.flash.on_change = self._note
        self.flash.cut_leaves = (NOTHING, HALF, GARBAGE)[self.random.below(3)]
        try:
            self.sure = set(self.live)
            mounted(self.flash)
            journal = Journal("/flash/journal", CAPACITY)
            journal.load()
            self._adopt(journal)
            for number in range(operations):
                if number == operations - 1:
                    self.flash.cut_in = self.random.below(3)
                self._one(journal)
        except PowerCut:
            pass
        unmounted()
        self.flash = Flash(BLOCKS, bytes(self.flash.data))
        self._cut_everywhere(before)
        # What the cut left may be more than the model holds as live; the next boot tells.
        self.live = {key: self.live[key] for key in self.live if key in self.sure}

    def _note(self, what: str, at: int, data: bytes) -> None:
        self.changes.append((what, at, data, self.sure))

    def _adopt(self, journal: "Any") -> None:
        self.live = {key: self.put[key] for key in self.found(journal, self.sure)}

    def _one(self, journal: "Any") -> None:
        if self.live and self.random.below(100) < (70 if self.random.below(40) == 0 else 45):
            key = sorted(self.live)[self.random.below(min(4, len(self.live)))]
            self.sure = set(self.live) - {key}
            assert journal.acknowledged(key[0], key[1]), self._where()
            del self.live[key]
        else:
            self._put(journal)
        if self.flash.dead:
            raise PowerCut  # closing a file on a dead flash has put another error in its place
        self.sure = set(self.live)
        assert not journal.failed, self._where()
        assert len(journal) == len(self.live), self._where()

    def _put(self, journal: "Any") -> None:
        key = (self.session, self.seq)
        kind = self.random.below(len(KINDS))
        self.seq += 1
        self.live[key] = self.put[key] = kind
        victim = min((self.live[one], one) for one in self.live)[1] if len(self.live) > CAPACITY else key
        self.sure = set(self.live) - {victim, key}
        journal.put(event(key[0], key[1], KINDS[kind], 30 + key[1] % 38))
        if victim != key or len(self.live) > CAPACITY:
            del self.live[victim]

    def found(self, journal: "Any", sure: "set[Key]") -> "set[Key]":
        # What a booted journal holds, read as it would be sent, and held against the contract.
        there = set()
        assert journal.torn == 0 and journal.dropped == 0 and not journal.failed, self._where()
        for _ in range(len(journal)):
            place = journal.next_unsent()
            data = journal.frame(place)
            key = heading(data)
            journal.mark_sent(place)
            assert key in self.put, self._where()
            assert data == event(key[0], key[1], KINDS[self.put[key]], 30 + key[1] % 38), self._where()
            there.add(key)
        assert journal.next_unsent() is None
        journal.forget_sent()
        assert sure <= there, "%s lost %s" % (self._where(), sorted(sure - there))
        back = len(there - sure)
        assert back <= MOST_BACK + IN_PROGRESS, "%s: %d came back" % (self._where(), back)
        return there

    def _cut_everywhere(self, before: bytes) -> None:
        content = bytearray(before)
        for what, at, data, sure in self.changes:
            for leaves in (NOTHING, HALF, GARBAGE):
                image = Flash(BLOCKS, bytes(content))
                apply(image.data, what, at, data, leaves)
                mounted(image, "/cut")
                journal = Journal("/cut/journal", 2 * CAPACITY)
                journal.load()
                self.found(journal, sure)
                # And it goes on from there.
                one = event(900, self.images, "alarm")
                journal.put(one)
                assert not journal.failed, self._where()
                again = Journal("/cut/journal", 2 * CAPACITY)
                again.load()
                assert again.acknowledged(900, self.images), self._where()
                unmounted("/cut")
                self.images += 1
            apply(content, what, at, data, WHOLE)

    def _where(self) -> str:
        return "seed %d, session %d, image %d" % (self.seed, self.session, self.images)


def run(seed: int, sessions: int, operations: int) -> Life:
    # A file of a few records, so that it is written anew often.
    journal_module.MOST_BYTES = 1_100
    life = Life(seed)
    for _ in range(sessions):
        life.one_session(operations)
    return life


# Journals with a mistake. Each breaks the contract in a way that only a cut shows.


def put_is_put_off() -> None:
    log: Any = Log
    append = log.append
    waiting: list[bytes] = []

    def later(self: "Any", data: bytes) -> int:
        waiting.append(data)
        if len(waiting) < 2:
            return int(self.size)
        whole = b"".join(waiting)
        waiting.clear()
        return int(append(self, whole))

    log.append = later


def old_file_goes_first() -> None:
    def careless(self: "Any", spans: "Any", data: bytes) -> None:
        kept = b"".join([self.read(at, length) for at, length in spans])
        self.remove()
        self.append(kept + data)

    log: Any = Log
    log.rewrite = careless


def acknowledgements_are_forgotten() -> None:
    gone = journal_module.gone
    journal_module.gone = lambda session, seq: gone(session, seq + 1_000_000)


MISTAKES = {
    "put_is_put_off": put_is_put_off,
    "old_file_goes_first": old_file_goes_first,
    "acknowledgements_are_forgotten": acknowledgements_are_forgotten,
}

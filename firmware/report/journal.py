# Events that the monitor has not acknowledged, as the very frames that are sent and sent again: in the file system before
# they are sent, until they are acknowledged. Bounded; when it is full the least important goes first (priorities.py), and
# `dropped` says how many went. Without a file system it goes on in RAM, and says so.
#
# The file, its wear, and what a power cut leaves: docs/journal.md.
from protocol.frame import HEADER_BYTES
from report.journal_index import HELD, Index
from report.journal_log import GONE_BYTES, MOST_BYTES, Log, entry_bytes, gone, gone_heading, heading, is_gone
from report.priorities import rank

CAPACITY = 128
_MOST_LIVE_BYTES = 12_288  # of frames; the rest of the file's most is for what is gone, so that rewriting stays rare
_MOST_HELD = 24  # frames in RAM while the file system refuses
_MOST_GONE = 16  # acknowledgements that are put off, so that they share a write
_MOST_GONE_WHILE_FAILING = 64
_TOGETHER = 4  # frames of one write, when some were held in RAM before


class Journal:
    # directory: its own; what else lies there is left alone.
    def __init__(self, directory: str = "/journal", capacity: int = CAPACITY) -> None:
        self.dropped = 0  # since the owner last told of it
        self.lost_total = 0  # since the boot
        self.torn = 0  # places in the file that were no entry
        self.failed = False  # the file system refused last time: what comes now would not survive a power cut
        self._log = Log(directory)
        self._capacity = capacity
        self._index = Index(capacity + _MOST_HELD)
        self._frames: dict = {}  # of places that are held in RAM
        self._gone: list = []  # (session, seq) that the file still holds
        self._unread = False  # the file may hold more than is known of it: it must neither go nor be written anew

    def __len__(self) -> int:
        return self._index.logged + self._index.held

    def load(self) -> None:
        # Once, before anything else is asked of it.
        self._unread = True
        try:
            self._log.prepare()
            for at, entry in self._log.entries():
                self._found(at, entry)
            self._unread = False
            if self.torn or self._log.size > MOST_BYTES:
                self._rewrite(b"")
            self._settle()
        except OSError:
            self.failed = True

    def _found(self, at: int, entry: bytes) -> None:
        if not entry:
            self.torn += 1
            return
        session, seq = gone_heading(entry) if is_gone(entry) else heading(entry)
        before = self._index.find(session, seq)
        if before >= 0:
            self._index.free(before)
        if not is_gone(entry) and self._has_room(entry):
            self._index.add(session, seq, entry[HEADER_BYTES], at, len(entry))

    def put(self, frame: bytes) -> None:
        # In the file when this returns, unless `failed`.
        if not self._has_room(frame):
            return
        frames = [frame]
        places = [-1]
        for place in self._frames:
            fits = self._index.logged + len(frames) < self._capacity and self._fits(frames, self._frames[place])
            if len(frames) < _TOGETHER and fits:
                frames.append(self._frames[place])
                places.append(place)
        at = self._append(frames)
        if at < 0:
            self._hold(frame)
            return
        for number, place in enumerate(places):
            if place < 0:
                session, seq = heading(frame)
                self._index.add(session, seq, frame[HEADER_BYTES], at, len(frame))
            else:
                self._index.moved(place, at)
                del self._frames[place]
            at += len(frames[number])
        self.failed = bool(self._frames)

    def _fits(self, frames: list, one: bytes) -> bool:
        return self._index.logged_bytes + sum([len(frame) for frame in frames]) + len(one) <= _MOST_LIVE_BYTES

    def _has_room(self, frame: bytes) -> bool:
        # In the file. Others go for it, or it is itself what goes: then False.
        index = self._index
        while index.logged >= self._capacity or not self._fits([], frame):
            worst = index.least(False)
            if rank(frame[HEADER_BYTES]) < rank(index.kind[worst]):
                self._count_lost()
                return False
            self._give_up(worst)
        return True

    def _hold(self, frame: bytes) -> None:
        index = self._index
        if index.held >= _MOST_HELD:
            worst = index.least(True)
            self._count_lost()
            if rank(frame[HEADER_BYTES]) < rank(index.kind[worst]):
                return
            index.free(worst)
            del self._frames[worst]
        session, seq = heading(frame)
        self._frames[index.add(session, seq, frame[HEADER_BYTES], HELD, len(frame))] = frame

    def _give_up(self, place: int) -> None:
        # One in the file.
        self._count_lost()
        self._gone.append((self._index.session[place], self._index.seq[place]))
        self._index.free(place)

    def _count_lost(self) -> None:
        self.dropped += 1
        self.lost_total += 1

    def _append(self, frames: list) -> int:
        # Offset of the first frame, behind what is to be said of those that are gone. -1 when the file system refused.
        try:
            if self.failed:
                self._log.prepare()
            if self._log.size + len(self._gone) * GONE_BYTES + sum([len(frame) for frame in frames]) > MOST_BYTES:
                return self._rewrite(b"".join(frames))
            said = [gone(session, seq) for session, seq in self._gone]
            at = self._log.append(b"".join(said + frames))
        except OSError:
            self.failed = True
            return -1
        self._gone = []
        return at + len(said) * GONE_BYTES

    def _rewrite(self, data: bytes) -> int:
        # With these behind all that is kept. Offset at which they begin.
        if self._unread:
            raise OSError(5)  # EIO
        index = self._index
        places = index.in_file()
        self._log.rewrite(((index.at[place], index.size[place]) for place in places), data)
        at = 0
        for place in places:
            index.at[place] = at
            at += index.size[place]
        self._gone = []
        return at

    def _settle(self) -> None:
        # Nothing waits in it: the file goes, which costs no erased sector. Otherwise what is gone is said in one write.
        if not self._index.logged and self._log.size and not self._unread:
            try:
                self._log.remove()
            except OSError:
                self.failed = True
            else:
                self._gone = []
                self.failed = bool(self._frames)
        elif len(self._gone) >= _MOST_GONE and self._append([]) >= 0:
            self.failed = bool(self._frames)
        # What is not said any more comes back after the next boot, and the monitor knows it.
        self._gone = self._gone[-_MOST_GONE_WHILE_FAILING:]

    def next_unsent(self) -> int | None:
        # A key; None when everything was sent.
        place = self._index.next_unsent()
        return place if place >= 0 else None

    def frame(self, key: int) -> bytes:
        # b"" when it cannot be read any more; it is given up then, and counted.
        if key in self._frames:
            return bytes(self._frames[key])
        index = self._index
        try:
            data = self._log.read(index.at[key], index.size[key])
        except OSError:
            data = b""
        if data and entry_bytes(data) == len(data) and heading(data) == (index.session[key], index.seq[key]):
            return data
        self._give_up(key)
        return b""

    def mark_sent(self, key: int) -> None:
        self._index.mark_sent(key)

    def acknowledged(self, session: int, seq: int) -> bool:
        # The monitor has stored it. False when no such event waits.
        place = self._index.find(session, seq)
        if place < 0:
            return False
        if place in self._frames:
            del self._frames[place]
        else:
            self._gone.append((session, seq))
        self._index.free(place)
        self._settle()
        return True

    def forget_sent(self) -> None:
        # A new connection, or an answer that did not come: everything is to be sent again.
        self._index.forget_sent()

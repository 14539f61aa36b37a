"""What devices said, in SQLite: committed before anybody is told that it is stored.

`(source, session, seq)` is unique among events, so a frame that comes again is recognised and stored once.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from davy.codec import Event, State
from davy.errors import DeskError
from davy.monitor import views
from davy.monitor.ingest import Ingest
from davy.monitor.packets import Received, StoredEvent, Verdict
from davy.monitor.peers import Admit
from davy.monitor.proofs import Proofs
from davy.monitor.schema import open_database, open_readonly

_T = TypeVar("_T")
#: Of sqlite3.DatabaseError: a database that is busy or full, and bugs of ours.
_NOT_DAMAGE = (sqlite3.OperationalError, sqlite3.IntegrityError, sqlite3.ProgrammingError)


class StoreUnavailable(Exception):
    """The database takes nothing now (locked, disk full): nothing was stored, try the same batch again."""


class Store:
    """One database file. What writes may come from any thread, one at a time; what reads sees what is committed, at any time."""

    def __init__(self, path: Path, admit: Admit | None = None, proofs: Proofs | None = None) -> None:
        """Open or make it. `admit` None: registered units as soon as there are any. Raises InputError for a file that
        is none of ours, DeskError for one that is damaged.
        """
        self.path = path
        self._db = open_database(path)
        self._reader = open_readonly(path)
        self._reading = threading.Lock()
        self.proofs = proofs or Proofs()
        try:
            self._ingest = Ingest(self._db, admit, self.proofs)
        except sqlite3.DatabaseError as error:
            self.close()
            raise self._damaged(error) from error

    def close(self) -> None:
        """Close the file."""
        with self._reading:
            self._reader.close()
        self._db.close()

    @property
    def admit(self) -> Admit:
        """Whose frames are taken at present."""
        return self._ingest.peers.admit

    def ingest(self, batch: Sequence[Received]) -> list[Verdict]:
        """Store a batch in one transaction; when this returns it is on the disk.

        Raises StoreUnavailable when nothing of it was stored, DeskError for a database that is damaged.
        """
        try:
            verdicts = self.write(lambda _: self._ingest.take(batch))
        except BaseException:
            self._ingest.rolled_back()
            raise
        self._ingest.committed()
        return verdicts

    def write(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do it in a transaction of its own. Raises as ingest() does; then nothing of it was done."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            done = change(self._db)
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._roll_back()
            raise StoreUnavailable(str(error)) from error
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, _NOT_DAMAGE):
                raise self._damaged(error) from error
            raise
        return done

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """What is committed, for reading; one at a time. DeskError for a database that is damaged."""
        with self._reading:
            try:
                yield self._reader
            except _NOT_DAMAGE:
                raise
            except sqlite3.DatabaseError as error:
                raise self._damaged(error) from error

    def events(self, source: str | None = None) -> list[StoredEvent]:
        """Every event, or one device's, in the order they came."""
        where, values = ("WHERE source = ?", (source,)) if source is not None else ("", ())
        rows = self._read(
            "SELECT source, session, seq, kind, gas, detail, value, event_uptime_ms, coalesce(number, 0), time_s, "
            f"command_id, received_ms FROM events {where} ORDER BY id",
            values,
        )
        return [StoredEvent(row[0], row[1], row[2], Event(*row[3:11]), row[11]) for row in rows]

    def latest_state(self, source: str) -> State | None:
        """The newest state report of a device."""
        with self.reading() as db:
            return views.newest_state(db, source)[0]

    def identifiers(self) -> dict[str, str]:
        """Source -> identifier of every device that said anything."""
        return dict(self._read("SELECT source, coalesce(identifier, '') FROM devices ORDER BY source"))

    def refused(self) -> dict[str, int]:
        """Packets that were no good, by reason."""
        return dict(self._read("SELECT reason, count FROM refused ORDER BY reason"))

    def repeated(self, source: str) -> int:
        """Events of a device that came again after they were stored."""
        rows = self._read("SELECT coalesce(sum(repeated), 0) FROM sessions WHERE source = ?", (source,))
        return int(rows[0][0])

    def _read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self.reading() as db:
            return db.execute(query, values).fetchall()

    def _damaged(self, error: sqlite3.DatabaseError) -> DeskError:
        return DeskError(
            str(self.path), f"is damaged: {error}", "put a copy in its place; what was not stored comes again"
        )

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

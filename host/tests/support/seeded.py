"""A monitor's database with devices in it, as the monitor's own tables hold them; rows go in as a monitor commits them."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from davy.codec import Event, EventKind, Gas, Level, RunState, State, Status, ValveState, encode_frame
from davy.monitor.schema import open_database

#: A round time: 2026-07-01T12:00:00Z.
NOON_MS = 1_782_907_200_000
NORMAL = State(
    run_state=RunState.NORMAL,
    methane_status=Status.OK,
    methane_ppm=120,
    methane_lel_permille=2,
    methane_level=Level.NORMAL,
    co_status=Status.OK,
    co_ppm=3,
    co_level=Level.NORMAL,
    valve_state=ValveState.OPEN,
    valve_commanded=1,
    latched=0,
    faults=0,
    lost_events=0,
    muted_s=0,
    test=0,
    test_failed=0,
    tampered=0,
    service_days=1_700,
    alarm_memory=0,
    climate_status=Status.OK,
    temperature_cdegc=2_130,
    humidity_permille=480,
    waiting_events=0,
    torn_events=0,
    refused_frames=0,
)
CRITICAL = NORMAL._replace(
    run_state=RunState.CRITICAL,
    methane_ppm=9_200,
    methane_lel_permille=184,
    methane_level=Level.CRITICAL,
    valve_state=ValveState.CLOSED,
    valve_commanded=0,
    latched=1,
)
LATCHED = CRITICAL._replace(
    run_state=RunState.LATCHED, methane_ppm=210, methane_lel_permille=4, methane_level=Level.NORMAL
)
BROKEN = NORMAL._replace(
    run_state=RunState.FAULT, methane_status=Status.OPEN, methane_ppm=None, methane_lel_permille=None, faults=1
)
PREHEAT = NORMAL._replace(
    run_state=RunState.PREHEAT,
    methane_status=Status.WARMING,
    methane_ppm=None,
    methane_lel_permille=None,
    co_status=Status.WARMING,
    co_ppm=None,
)


def source_of(number: int) -> str:
    """A chip."""
    return f"02da9f0c{number:04x}0000"


class Seeded:
    """Writes into one database file; each call is one transaction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = open_database(path)
        self._seq = int(self.db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])

    def close(self) -> None:
        self.db.close()

    def unit(self, identifier: str, source: str | None = None, revoked_ms: int | None = None) -> bytes:
        """Enrol a unit; gives its secret."""
        secret = secrets.token_bytes(32)
        self._insert(
            "units",
            identifier=identifier,
            serial=identifier.partition("/")[2],
            board="devkit_mq",
            product="gas_alarm_ch4_co",
            certificate_sha256="ab" * 32,
            secret=secret,
            enrolled_ms=NOON_MS,
            revoked_ms=revoked_ms,
            revoked_why="lost" if revoked_ms is not None else None,
            source=source,
        )
        return secret

    def device(self, source: str, identifier: str | None, last_seen_ms: int, **columns: Any) -> None:
        """A device that said hello."""
        values: dict[str, Any] = {
            "firmware": "0.2.0",
            "board": "devkit_mq",
            "product": 1,
            "tier": 1,
            "capabilities": 0x383,
            "schema_checksum": 0xC136A7B1,
            "image_hash": "00112233445566ff",
            "calibration_days": 40,
            "reset_cause": 1,
            "session": 7,
            "first_seen_ms": last_seen_ms - 86_400_000,
            "proven_ms": last_seen_ms,
            "link": "up",
        }
        self._insert("devices", source=source, identifier=identifier, last_seen_ms=last_seen_ms, **(values | columns))

    def session(self, source: str, events: int, highest: int | None, repeated: int = 0, session: int = 7) -> None:
        self._insert(
            "sessions",
            source=source,
            session=session,
            first_ms=NOON_MS,
            last_ms=NOON_MS,
            events=events,
            highest_number=highest,
            repeated=repeated,
        )

    def states(self, source: str, states: list[tuple[int, State]]) -> None:
        """(received_ms, state) in their order; the device was seen with the last."""
        rows = [(source, at_ms, self._frame(source, state)) for at_ms, state in states]
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO states (source, received_ms, frame) VALUES (?, ?, ?)", rows)
        self.db.execute("UPDATE devices SET last_seen_ms = ? WHERE source = ?", (states[-1][0], source))
        self.db.execute("COMMIT")

    def events(self, source: str, events: list[tuple[int, Event]]) -> None:
        """(received_ms, event), in one transaction."""
        self.db.execute("BEGIN IMMEDIATE")
        for at_ms, event in events:
            frame = self._frame(source, event)
            self._insert(
                "events",
                source=source,
                session=7,
                seq=self._seq,
                received_ms=at_ms,
                frame=frame,
                **event._asdict(),
            )
        self.db.execute("COMMIT")

    def incident(self, kind: str, source: str, at_ms: int, identifier: str | None = None, detail: str = "") -> None:
        self._insert(
            "incidents",
            at_ms=at_ms,
            last_ms=at_ms,
            count=1,
            kind=kind,
            source=source,
            identifier=identifier,
            detail=detail,
        )

    def _frame(self, source: str, message: State | Event) -> bytes:
        self._seq += 1
        return encode_frame(bytes.fromhex(source), 7, self._seq, 1_000, message)

    def _insert(self, table: str, **values: Any) -> None:
        marks = ", ".join("?" * len(values))
        self.db.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))


def alarm(ppm: int, number: int = 0, time_s: int | None = NOON_MS // 1000) -> Event:
    """A critical methane alarm."""
    return Event(EventKind.ALARM, Gas.METHANE, Level.CRITICAL, ppm, 1_000, number, time_s, None)


def note(kind: EventKind, detail: int = 0, value: int = 0, number: int = 0) -> Event:
    """Any other event."""
    return Event(kind, Gas.NONE, detail, value, 1_000, number, NOON_MS // 1000, None)

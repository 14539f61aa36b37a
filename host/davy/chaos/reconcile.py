"""What every board said itself, against what the monitor stored. Pure: records and rows in, violations out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields

from davy.chaos.database import Contents, Key, StoredRow
from davy.chaos.plan import TWIN, UNIT
from davy.chaos.record import BoardRecord, Boot, Told
from davy.codec import EventKind, Outcome

#: A board that lived on so long after its pins showed something has told of it.
TOLD_WITHIN_MS = 3_000
#: Events that the journal may have while the power took the line's bytes: one in the making, and what the drain took up with it.
_MOST_UNTOLD = 4

#: Events that say why a siren sounds.
_SOUNDS = (
    EventKind.ALARM,
    EventKind.FAULT,
    EventKind.LATCHED,
    EventKind.SELF_TEST,
    EventKind.COMMAND,
    EventKind.BUTTON,
    EventKind.END_OF_SERVICE,
)
_LATCHES = (EventKind.ALARM, EventKind.LATCHED)

#: What is wrong, by name: each must be found never.
LOST = "lost"
TWICE = "stored twice"
CHANGED = "stored with other bytes"
STRANGE = "accepted from a stranger"
UNSAID = "stored but never said"
UNSEEN = "pins without an event"
COMMANDS = "commands executed twice or for a stranger"
OPENINGS = "valve opened without a hand"
WAITING = "journal not empty"
TROUBLE = "a part failed"
VERDICTS = (LOST, TWICE, CHANGED, STRANGE, UNSAID, UNSEEN, COMMANDS, OPENINGS, WAITING, TROUBLE)


@dataclass(frozen=True)
class Violation:
    """One thing that must not be: a name of VERDICTS, and what was found."""

    verdict: str
    words: str


@dataclass
class Counts:
    """What a run was about. Addable."""

    told: int = 0
    stored: int = 0
    untold: int = 0
    alarms: int = 0
    closings: int = 0
    openings: int = 0
    sirens: int = 0
    commands: int = 0
    cuts: int = 0
    refused: int = 0
    incidents: int = 0

    def add(self, other: Counts) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def reconcile(records: Sequence[BoardRecord], contents: Contents) -> tuple[list[Violation], Counts]:
    """Judge a run that has been healed and given time to drain."""
    wrong: list[Violation] = []
    believed = [record for record in records if _is_believed(record, contents)]
    rows: dict[str, list[StoredRow]] = defaultdict(list)
    for row in contents.events:
        rows[row.source].append(row)
    wrong += _unbound(records, believed, contents)
    wrong += _strangers({record.source for record in believed}, rows)
    counts = Counts(
        stored=len(contents.events), refused=sum(contents.refused.values()), incidents=sum(contents.incidents.values())
    )
    for record in records:
        wrong += [Violation(TROUBLE, f"{record.source}: {text}") for text in record.troubles]
        wrong += [
            Violation(OPENINGS, f"{record.source}: valve opened at {t_ms} ms") for t_ms in record.unexplained_openings()
        ]
        wrong += _commands(record, contents)
        counts.cuts += record.cuts
        counts.openings += len(record.openings_ms)
    for record in believed:
        own = rows[record.source]
        wrong += _told_and_stored(record, own)
        wrong += _untold(record, own, counts)
        wrong += _gaps(record, own)
        wrong += _pins(record, own, counts)
        counts.told += len(record.told[: _settled(record)[0]])
        counts.alarms += sum(told.kind == EventKind.ALARM for told in record.told)
        counts.commands += sum(told.command_id is not None for told in record.told)
        if record.drained is None:
            wrong.append(Violation(WAITING, f"{record.source}: {record.waiting} events wait in the end"))
    return wrong, counts


def _settled(record: BoardRecord) -> tuple[int, int]:
    """How many events had been told, and when, virtual ms: what came later had no time to arrive, and is not missed."""
    return (len(record.told), record.now_ms) if record.drained is None else record.drained


def _is_believed(record: BoardRecord, contents: Contents) -> bool:
    # Of two boards with one identity the one is believed that came first; which that was, only the registry knows.
    return record.part in (UNIT, TWIN) and contents.bound.get(record.identifier) == record.source


def _unbound(records: Sequence[BoardRecord], believed: list[BoardRecord], contents: Contents) -> list[Violation]:
    """A unit whose identity the registry gave to nobody of the cast, or to a board that is not who it says."""
    wrong = []
    right = {record.identifier for record in believed}
    for record in records:
        if record.part != UNIT or record.identifier in right:
            continue
        source = contents.bound.get(record.identifier)
        if source is not None:
            wrong.append(Violation(STRANGE, f"{record.identifier} is taken for {source}"))
        elif record.told:
            wrong.append(Violation(LOST, f"{record.source}: {len(record.told)} events of a unit that was never heard"))
    return wrong


def _strangers(believed: set[str], rows: dict[str, list[StoredRow]]) -> list[Violation]:
    return [
        Violation(STRANGE, f"{source}: {len(found)} events of a source that nobody may be")
        for source, found in rows.items()
        if source not in believed
    ]


def _told_and_stored(record: BoardRecord, rows: list[StoredRow]) -> list[Violation]:
    wrong = []
    stored: dict[Key, StoredRow] = {row.key: row for row in rows}
    for key, count in Counter(row.key for row in rows).items():
        if count > 1:
            wrong.append(Violation(TWICE, f"{key} is there {count} times"))
    said: dict[Key, Told] = {}
    for told in record.told:
        key = (record.source, told.session, told.seq)
        if key in said:
            wrong.append(Violation(TWICE, f"{key}: the board itself used this number twice"))
        said[key] = told
    due = {(told.session, told.seq) for told in record.told[: _settled(record)[0]]}
    for key, told in said.items():
        row = stored.get(key)
        name = EventKind(told.kind).name.lower()
        if row is None and key[1:] not in due:
            continue
        if row is None:
            wrong.append(Violation(LOST, f"{key}: {name}, number {told.number} of its session, is not stored"))
        elif row.frame != told.frame:
            wrong.append(Violation(CHANGED, f"{key}: {name}: said {told.frame.hex()}, stored {row.frame.hex()}"))
    return wrong


def _untold(record: BoardRecord, rows: list[StoredRow], counts: Counts) -> list[Violation]:
    """What the journal had and the line had not yet told when the power went: the last numbers of a session that ended."""
    said = {(told.session, told.seq) for told in record.told}
    highest: dict[int, int] = {}
    for told in record.told:
        highest[told.session] = max(highest.get(told.session, -1), told.number)
    living = record.boots[-1].session if record.boots and record.boots[-1].ended_ms is None else None
    wrong = []
    untold: Counter[int] = Counter()
    for row in rows:
        if (row.session, row.seq) in said:
            continue
        untold[row.session] += 1
        counts.untold += 1
        number = -1 if row.number is None else row.number
        cut = row.session != living or not record.boots
        if not cut or number <= highest.get(row.session, -1) or untold[row.session] > _MOST_UNTOLD:
            wrong.append(Violation(UNSAID, f"{row.key}: {EventKind(row.kind).name.lower()}, number {row.number}"))
    return wrong


def _gaps(record: BoardRecord, rows: list[StoredRow]) -> list[Violation]:
    late = {(told.session, told.seq) for told in record.told[_settled(record)[0] :]}
    numbers: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if (row.session, row.seq) not in late:
            numbers[row.session].append(-1 if row.number is None else row.number)
    return [
        Violation(LOST, f"{record.source} session {session}: numbers {sorted(found)} have a gap")
        for session, found in numbers.items()
        if sorted(found) != list(range(len(found)))
    ]


def _pins(record: BoardRecord, rows: list[StoredRow], counts: Counts) -> list[Violation]:
    wrong = []
    latched_before = False
    for boot in record.boots:
        own = [row for row in rows if row.session == boot.session]
        settled_ms = _settled(record)[1]
        ended_ms = settled_ms if boot.ended_ms is None else min(boot.ended_ms, settled_ms)
        within_ms = TOLD_WITHIN_MS + boot.lag_ms
        for t_ms in boot.closings_ms:
            if ended_ms - t_ms <= within_ms:
                continue
            counts.closings += 1
            if not _near(boot, t_ms, own):
                wrong.append(Violation(UNSEEN, f"{record.source}: valve let go at {t_ms} ms, without its event"))
        for t_ms in boot.sirens_ms:
            if ended_ms - t_ms <= within_ms:
                continue
            counts.sirens += 1
            until_ms = t_ms - boot.began_ms + TOLD_WITHIN_MS
            if not latched_before and not any(_sounds(row) and row.uptime_ms <= until_ms for row in own):
                wrong.append(Violation(UNSEEN, f"{record.source}: siren at {t_ms} ms, without an event that says why"))
        latched_before = latched_before or any(row.kind in _LATCHES for row in own)
    return wrong


def _sounds(row: StoredRow) -> bool:
    # A boot's value says that the latch was found set: the alarm itself may have gone with the power, in its first half second.
    return row.kind in _SOUNDS or (row.kind == EventKind.BOOT and row.value & 1 == 1)


def _near(boot: Boot, t_ms: int, rows: list[StoredRow]) -> bool:
    # A pin is seen by the wall clock's time, an event has the board's own, which may be behind.
    at_ms = t_ms - boot.began_ms
    return any(
        row.kind == EventKind.VALVE and at_ms - TOLD_WITHIN_MS - boot.lag_ms <= row.uptime_ms <= at_ms + TOLD_WITHIN_MS
        for row in rows
    )


def _commands(record: BoardRecord, contents: Contents) -> list[Violation]:
    wrong = []
    answers: Counter[int] = Counter()
    for told in record.told:
        if told.kind != EventKind.COMMAND:
            continue
        done = Outcome(told.value).name.lower()
        if told.command_id is None or told.command_id not in contents.commands:
            wrong.append(Violation(COMMANDS, f"{record.source}: {told.command_id} is a command of nobody ({done})"))
            continue
        answers[told.command_id] += 1
        identifier = contents.commands[told.command_id][0]
        if identifier != record.identifier:
            wrong.append(Violation(COMMANDS, f"{record.source}: {told.command_id} was for {identifier} ({done})"))
    wrong += [
        Violation(COMMANDS, f"{record.source}: command {number} was answered {count} times")
        for number, count in answers.items()
        if count > 1
    ]
    return wrong

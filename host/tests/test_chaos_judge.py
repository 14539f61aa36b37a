"""The judge of chaos on made-up records: it sees each thing that must not be, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from davy.chaos.database import Contents, StoredRow
from davy.chaos.plan import IMPOSTOR, REVOKED, TWIN, UNIT, UNKNOWN
from davy.chaos.reconcile import (
    CHANGED,
    COMMANDS,
    LOST,
    OPENINGS,
    STRANGE,
    TROUBLE,
    TWICE,
    UNSAID,
    UNSEEN,
    VERDICTS,
    WAITING,
    reconcile,
)
from davy.chaos.record import BoardRecord, Boot, Told
from davy.codec import EventKind

SOURCE, OTHER, IDENTIFIER = "02da000000010000", "02da000000020000", "88.118.8/GA26000001"


def told(number: int, kind: EventKind, session: int = 1, command_id: int | None = None) -> Told:
    return Told(session, 10 + number, number, kind, command_id, 0, 0, bytes((session, number, kind)))


def stored(each: Told, uptime_ms: int = 1_000, source: str = SOURCE) -> StoredRow:
    return StoredRow(source, each.session, each.seq, each.number, each.kind, uptime_ms, each.value, each.frame)


def good() -> tuple[BoardRecord, Contents]:
    """A board that booted, alarmed, let its valve go, and was commanded once; then was cut, and booted again."""
    record = BoardRecord(UNIT, IDENTIFIER, SOURCE)
    first = [
        told(0, EventKind.BOOT),
        told(1, EventKind.ALARM),
        told(2, EventKind.VALVE),
        told(3, EventKind.COMMAND, command_id=7),
    ]
    second = [told(0, EventKind.BOOT, session=2)]
    record.told = first + second
    record.boots = [
        Boot(1_000, 1, session=1, ended_ms=60_000, sirens_ms=[20_100], closings_ms=[20_500]),
        Boot(61_000, 1, session=2),
    ]
    record.now_ms, record.drained, record.waiting, record.cuts = 90_000, (5, 90_000), 0, 1
    rows = [stored(first[0], 0), stored(first[1], 19_000), stored(first[2], 19_600), stored(first[3], 30_000)]
    contents = Contents([*rows, stored(second[0], 0)], {7: (IDENTIFIER, SOURCE)}, {IDENTIFIER: SOURCE})
    return record, contents


def verdicts(record: BoardRecord, contents: Contents) -> list[str]:
    return [violation.verdict for violation in reconcile([record], contents)[0]]


def test_a_run_in_which_all_is_well_is_found_so_and_counted() -> None:
    record, contents = good()
    found, counts = reconcile([record], contents)
    assert found == []
    assert (counts.told, counts.stored, counts.alarms, counts.closings, counts.sirens) == (5, 5, 1, 1, 1)
    assert (counts.commands, counts.cuts, counts.untold) == (1, 1, 0)


def _lose(record: BoardRecord, contents: Contents) -> None:
    del contents.events[-1]


def _lose_in_the_middle(record: BoardRecord, contents: Contents) -> None:
    # Nobody heard it, but its number is missing.
    del record.told[1], contents.events[1]
    record.drained = (4, 90_000)
    record.boots[0].sirens_ms.clear()


def _twice(record: BoardRecord, contents: Contents) -> None:
    contents.events.append(contents.events[0])


def _number_used_twice(record: BoardRecord, contents: Contents) -> None:
    record.told.append(replace(record.told[4], frame=b"other"))


def _other_bytes(record: BoardRecord, contents: Contents) -> None:
    contents.events[1] = replace(contents.events[1], frame=b"other")


def _of_a_stranger(record: BoardRecord, contents: Contents) -> None:
    contents.events.append(stored(told(0, EventKind.ALARM), source=OTHER))


def _bound_to_a_stranger(record: BoardRecord, contents: Contents) -> None:
    contents.bound[IDENTIFIER] = OTHER
    contents.events.clear()


def _never_heard(record: BoardRecord, contents: Contents) -> None:
    contents.bound[IDENTIFIER] = None
    contents.events.clear()


def _never_said(record: BoardRecord, contents: Contents) -> None:
    contents.events.append(stored(told(1, EventKind.ALARM, session=2)))


def _pins_without_valve(record: BoardRecord, contents: Contents) -> None:
    record.boots[0].closings_ms.append(40_000)


def _pins_without_alarm(record: BoardRecord, contents: Contents) -> None:
    record.boots[0].sirens_ms[0] = 10_000


def _command_of_nobody(record: BoardRecord, contents: Contents) -> None:
    contents.commands.clear()


def _command_for_another(record: BoardRecord, contents: Contents) -> None:
    contents.commands[7] = ("88.118.8/GA26000002", OTHER)


def _command_twice(record: BoardRecord, contents: Contents) -> None:
    again = told(4, EventKind.COMMAND, command_id=7)
    record.told.insert(4, again)
    contents.events.insert(4, stored(again))
    record.drained = (6, 90_000)


def _opened(record: BoardRecord, contents: Contents) -> None:
    record.presses_ms, record.openings_ms = [10_000], [10_500, 70_000]


def _waits(record: BoardRecord, contents: Contents) -> None:
    record.drained = None


def _trouble(record: BoardRecord, contents: Contents) -> None:
    record.troubles.append("Traceback")


@pytest.mark.parametrize(
    ("spoil", "verdict"),
    [
        (_lose, LOST),
        (_lose_in_the_middle, LOST),
        (_twice, TWICE),
        (_number_used_twice, TWICE),
        (_other_bytes, CHANGED),
        (_of_a_stranger, STRANGE),
        (_bound_to_a_stranger, STRANGE),
        (_never_heard, LOST),
        (_never_said, UNSAID),
        (_pins_without_valve, UNSEEN),
        (_pins_without_alarm, UNSEEN),
        (_command_of_nobody, COMMANDS),
        (_command_for_another, COMMANDS),
        (_command_twice, COMMANDS),
        (_opened, OPENINGS),
        (_waits, WAITING),
        (_trouble, TROUBLE),
    ],
)
def test_each_thing_that_must_not_be_is_found(spoil: Callable[[BoardRecord, Contents], None], verdict: str) -> None:
    record, contents = good()
    spoil(record, contents)
    assert verdict in verdicts(record, contents)
    assert verdict in VERDICTS


def test_what_the_power_cut_between_journal_and_line_is_no_violation() -> None:
    record, contents = good()
    contents.events.append(stored(told(4, EventKind.TAMPER), 58_000))
    found, counts = reconcile([record], contents)
    assert (found, counts.untold) == ([], 1)


def test_a_siren_is_explained_by_a_boot_that_found_the_latch_set() -> None:
    record, contents = good()
    record.boots[1].sirens_ms.append(62_000)
    assert verdicts(record, contents) == [], "it latched in the session before"
    for rows in (contents.events, record.told):
        del rows[1:4]
    record.boots[0].sirens_ms.clear()
    record.boots[0].closings_ms.clear()
    record.drained = (2, 90_000)
    assert verdicts(record, contents) == [UNSEEN]
    contents.events[1] = replace(contents.events[1], value=1)
    assert verdicts(record, contents) == []


def test_what_was_told_after_the_last_look_is_not_missed() -> None:
    record, contents = good()
    record.told.append(told(1, EventKind.TAMPER, session=2))
    record.boots[1].sirens_ms.append(89_000)
    assert verdicts(record, contents) == []


def test_nothing_of_a_board_that_is_nobody_may_be_stored_and_none_of_it_is_missed() -> None:
    record, contents = good()
    for part in (REVOKED, UNKNOWN, IMPOSTOR):
        stranger = BoardRecord(part, "88.118.8/GA26000009", OTHER, told=[told(0, EventKind.BOOT)])
        assert reconcile([record, stranger], contents)[0] == []
    contents.events.append(stored(told(0, EventKind.BOOT), source=OTHER))
    assert [each.verdict for each in reconcile([record, stranger], contents)[0]] == [STRANGE]


def test_of_two_boards_with_one_identity_the_one_in_the_registry_counts() -> None:
    record, contents = good()
    twin = BoardRecord(TWIN, IDENTIFIER, OTHER, told=[told(0, EventKind.BOOT)])
    assert reconcile([record, twin], contents)[0] == []
    contents.events.append(stored(told(0, EventKind.BOOT), source=OTHER))
    assert [each.verdict for each in reconcile([record, twin], contents)[0]] == [STRANGE]


def test_an_opening_that_comes_late_is_by_hand_only_on_a_board_that_was_behind_then() -> None:
    for lags_ms, found in (((0, 0), [OPENINGS]), ((20_000, 0), [OPENINGS]), ((0, 20_000), [])):
        record, contents = good()
        record.presses_ms, record.openings_ms = [62_000], [80_000]
        for boot, lag_ms in zip(record.boots, lags_ms, strict=True):
            boot.lag_ms = lag_ms
        assert verdicts(record, contents) == found, lags_ms

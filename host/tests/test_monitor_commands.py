"""Commands from a row to a unit and back: at most once, in order, each with an end that is said."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.codec import CommandKind, Outcome, Setting
from davy.errors import InputError
from davy.monitor import Store, commands, registry, views
from davy.monitor.commands import EXPIRE_MS, RESEND_MS, Closed, Due, Order
from support.speaker import NOW_MS, Speaker, enrolment

CHIP = bytes.fromhex("02da9f0c11220000")
UNIT, SILENT = enrolment("GA1", b"1" * 32), enrolment("GA2", b"2" * 32)
MUTE, CLOSE = Order(CommandKind.MUTE), Order(CommandKind.CLOSE_VALVE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "m.sqlite")
    registry.enrol(made._db, [UNIT, SILENT], NOW_MS)
    Speaker(CHIP, UNIT).bind(made)
    yield made
    made.close()


@pytest.fixture
def unit() -> Speaker:
    speaker = Speaker(CHIP, UNIT)
    speaker.seq = 1
    return speaker


def add(store: Store, order: Order = MUTE, at_ms: int = NOW_MS) -> int:
    return store.write(lambda db: commands.add(db, UNIT.identifier, order, at_ms))


def due(store: Store, at_ms: int) -> list[Due]:
    return store.write(lambda db: commands.take_due(db, at_ms))


def closed(store: Store, at_ms: int) -> list[Closed]:
    return store.write(lambda db: commands.close_overdue(db, at_ms))


def row(store: Store, command_id: int) -> views.CommandView:
    with store.reading() as db:
        found = views.command(db, command_id)
    assert found is not None
    return found


def idle(store: Store, at_ms: int) -> bool:
    with store.reading() as db:
        return not commands.anything_to_do(db, at_ms)


def test_a_command_is_sent_to_the_present_session_and_again_only_while_there_is_no_answer(
    store: Store, unit: Speaker
) -> None:
    assert idle(store, NOW_MS)
    command_id = add(store)
    assert not idle(store, NOW_MS)
    first = due(store, NOW_MS)
    assert first == [Due(command_id, UNIT.identifier, CHIP.hex(), 7, MUTE)]
    assert idle(store, NOW_MS + RESEND_MS - 1)
    assert due(store, NOW_MS + RESEND_MS - 1) == []
    assert due(store, NOW_MS + RESEND_MS) == first
    assert row(store, command_id).tries == 2
    unit.say(store, unit.answer(command_id, Outcome.REFUSED_ALARM))
    found = row(store, command_id)
    assert (found.closed, found.outcome, found.answered_ms) == ("answered", Outcome.REFUSED_ALARM, NOW_MS)
    assert due(store, NOW_MS + 2 * RESEND_MS) == []
    assert closed(store, NOW_MS + 2 * EXPIRE_MS) == []
    assert idle(store, NOW_MS + 2 * EXPIRE_MS)


def test_an_earlier_command_is_never_overtaken(store: Store, unit: Speaker) -> None:
    first, second = add(store, MUTE), add(store, CLOSE)
    assert [each.command_id for each in due(store, NOW_MS)] == [first]
    assert [each.command_id for each in due(store, NOW_MS + RESEND_MS)] == [first]
    unit.say(store, unit.answer(first, Outcome.DONE))
    assert [each.command_id for each in due(store, NOW_MS + RESEND_MS)] == [second]


def test_a_command_whose_session_ended_before_its_answer_is_not_sent_again(store: Store) -> None:
    sent, waiting = add(store), add(store, CLOSE)
    due(store, NOW_MS)
    Speaker(CHIP, UNIT, session=8).bind(store)
    assert not idle(store, NOW_MS + 1)
    assert closed(store, NOW_MS + 1) == [Closed(sent, UNIT.identifier, CommandKind.MUTE, "other session")]
    assert [(each.command_id, each.session) for each in due(store, NOW_MS + 1)] == [(waiting, 8)]


def test_an_answer_that_was_journalled_over_a_restart_still_counts(store: Store, unit: Speaker) -> None:
    command_id = add(store)
    due(store, NOW_MS)
    answer = unit.heard(unit.answer(command_id, Outcome.DONE))
    Speaker(CHIP, UNIT, session=8).bind(store)
    closed(store, NOW_MS + 1)
    assert row(store, command_id).closed == "other session"
    store.ingest([answer])
    assert (row(store, command_id).closed, row(store, command_id).outcome) == ("answered", Outcome.DONE)


def test_a_command_that_found_no_unit_expires(store: Store) -> None:
    store.write(lambda db: db.execute("UPDATE devices SET link = 'lost'"))
    command_id = add(store)
    assert idle(store, NOW_MS + EXPIRE_MS - 1)
    assert due(store, NOW_MS + EXPIRE_MS - 1) == []
    assert closed(store, NOW_MS + EXPIRE_MS) == [Closed(command_id, UNIT.identifier, CommandKind.MUTE, "expired")]
    found = row(store, command_id)
    assert (found.closed, found.tries, found.session) == ("expired", 0, None)


def test_a_unit_that_was_revoked_or_moved_to_another_chip_is_sent_nothing_more(store: Store) -> None:
    command_id = add(store)
    registry.rebind(store._db, UNIT.identifier)
    assert due(store, NOW_MS) == []
    Speaker(bytes.fromhex("02da9f0c11220009"), UNIT).bind(store)
    assert due(store, NOW_MS) == [], "what was meant for the old chip does not go to the new one"
    again = add(store)
    registry.revoke(store._db, UNIT.identifier, "sold", NOW_MS)
    assert due(store, NOW_MS) == []
    assert (row(store, command_id).tries, row(store, again).tries) == (0, 0)


def test_nobody_answers_for_another(store: Store, unit: Speaker) -> None:
    command_id = add(store)
    due(store, NOW_MS)
    other = Speaker(bytes.fromhex("02da9f0c11220001"), SILENT)
    other.bind(store)
    other.say(store, other.answer(command_id, Outcome.DONE))
    stale = Speaker(CHIP, UNIT, session=6)
    stale.say(store, stale.answer(command_id, Outcome.DONE))
    unit.say(store, unit.event(command_id=command_id))
    assert row(store, command_id).closed is None


def test_the_time_is_that_of_the_sending(store: Store) -> None:
    command_id = add(store, Order(CommandKind.TIME))
    (sent,) = due(store, NOW_MS + 61_000)
    assert sent.order.argument == NOW_MS // 1000 + 61
    assert row(store, command_id).argument == NOW_MS // 1000 + 61


def test_ids_grow_even_after_the_last_row_is_gone(store: Store) -> None:
    first = add(store)
    store.write(lambda db: db.execute("DELETE FROM commands"))
    assert add(store) > first


@pytest.mark.parametrize(
    ("word", "value", "order"),
    [
        ("close_valve", None, Order(CommandKind.CLOSE_VALVE)),
        ("time", None, Order(CommandKind.TIME)),
        ("set", "mqtt_state_ms=5000", Order(CommandKind.SET, Setting.MQTT_STATE_MS, 5_000)),
        ("set", "serial_state_ms=0", Order(CommandKind.SET, Setting.SERIAL_STATE_MS, 0)),
    ],
)
def test_a_command_is_read_as_it_is_written(word: str, value: str | None, order: Order) -> None:
    assert commands.parse_order(word, value) == order


@pytest.mark.parametrize(
    ("word", "value", "said"),
    [
        ("open_valve", None, "'open_valve' is none; close_valve, mute, self_test, identify, set, time"),
        ("none", None, "'none' is none"),
        ("mute", "x=1", "mute takes no 'x=1'"),
        ("set", None, "set '' will not do; KEY=VALUE"),
        ("set", "gas=1", "set 'gas=1' will not do; KEY=VALUE, KEY one of mqtt_state_ms, serial_state_ms"),
        ("set", "mqtt_state_ms", "will not do"),
        ("set", "mqtt_state_ms=-1", "mqtt_state_ms '-1' will not do; a whole number"),
        ("set", "mqtt_state_ms=4294967296", "will not do; a whole number from 0 to 4294967295"),
        ("set", "mqtt_state_ms=٣", "will not do"),
    ],
)
def test_what_is_no_command_is_refused_in_one_line(word: str, value: str | None, said: str) -> None:
    with pytest.raises(InputError) as refused:
        commands.parse_order(word, value)
    assert said in str(refused.value)


def test_a_unit_that_cannot_take_it_gets_no_command(store: Store) -> None:
    def refusal(identifier: str) -> str:
        with pytest.raises(InputError) as refused:
            store.write(lambda db: commands.add(db, identifier, MUTE, NOW_MS))
        return str(refused.value)

    assert "no unit of this identifier is enrolled" in refusal("88.118.8/NOBODY")
    assert "has not been heard of yet" in refusal(SILENT.identifier)
    registry.revoke(store._db, UNIT.identifier, "sold", NOW_MS)
    assert "is revoked" in refusal(UNIT.identifier)
    assert store._db.execute("SELECT count(*) FROM commands").fetchone() == (0,)


def test_a_database_that_is_locked_sends_nothing_that_it_does_not_know_of(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from davy.monitor import StoreUnavailable

    add(store)
    store._db.execute("PRAGMA busy_timeout=20")
    locker = sqlite3.connect(store.path, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        due(store, NOW_MS)
    locker.execute("ROLLBACK")
    locker.close()
    assert row(store, 1).tries == 0

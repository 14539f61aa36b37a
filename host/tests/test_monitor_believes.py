"""Whom the monitor believes: every kind of packet that it must not take, and what is written of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.codec import Result, encode_frame, seal_frame, seal_key
from davy.monitor import Admit, Received, Store, views
from davy.monitor import registry as register
from davy.monitor.incidents import INCIDENTS_KEPT, REFUSED_SOURCES_KEPT, SAME_MS, Incident, note
from davy.monitor.schema import open_database
from support.hostile_packets import (
    CHIP,
    FIRST,
    OTHER_CHIP,
    REFUSALS,
    SECOND,
    Hostile,
    event_of_a_revoked_unit,
    revoke,
    second_chip_with_the_identity_of_the_first,
)
from support.speaker import NOW_MS, Speaker, state


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """FIRST is bound to CHIP, SECOND is enrolled and was never heard."""
    db = open_database(tmp_path / "m.sqlite")
    register.enrol(db, [FIRST, SECOND], NOW_MS)
    db.close()
    made = Store(tmp_path / "m.sqlite")
    Speaker(CHIP, FIRST).bind(made)
    yield made
    made.close()


@pytest.fixture
def unit() -> Speaker:
    speaker = Speaker(CHIP, FIRST)
    speaker.seq = 1  # its HELLO was 0
    return speaker


def incidents(store: Store) -> list[tuple[str, str, str | None, int]]:
    with store.reading() as db:
        return [(each.kind, each.source, each.identifier, each.count) for each in views.incidents(db)]


@pytest.mark.parametrize(("hostile", "reason", "kind"), REFUSALS, ids=lambda part: getattr(part, "__name__", ""))
def test_what_is_not_believed_is_refused_counted_and_changes_nothing(
    store: Store, hostile: Hostile, reason: str, kind: str | None
) -> None:
    packet = hostile(store)
    before = (store.events(), store.latest_state(CHIP.hex()), store.latest_state(OTHER_CHIP.hex()))
    (verdict,) = store.ingest([packet])
    assert (verdict.result, verdict.reason) == (Result.REFUSED, reason)
    assert verdict.unit is None
    assert not verdict.challenge
    assert store.refused() == {reason: 1}
    assert (store.events(), store.latest_state(CHIP.hex()), store.latest_state(OTHER_CHIP.hex())) == before
    assert [each[:2] for each in incidents(store)] == ([(kind, packet.topic_source)] if kind else [])
    # And the unit that is at home is heard as before, unless it was its own undoing.
    if hostile is not event_of_a_revoked_unit:
        unit = Speaker(CHIP, FIRST, session=9)
        assert unit.say(store, unit.event()).result is Result.STORED


def test_both_chips_of_one_identity_are_named(store: Store) -> None:
    store.ingest([second_chip_with_the_identity_of_the_first(store)])
    with store.reading() as db:
        (incident,) = views.incidents(db)
    assert incident.detail == f"{CHIP.hex()} and {OTHER_CHIP.hex()}"
    assert incident.identifier == FIRST.identifier


def test_a_unit_is_bound_by_its_first_hello_and_its_events_follow_in_the_same_batch(store: Store) -> None:
    unit = Speaker(OTHER_CHIP, SECOND)
    verdicts = store.ingest([unit.heard(unit.hello()), unit.heard(unit.event()), unit.heard(state())])
    assert [verdict.result for verdict in verdicts] == [Result.STORED] * 3
    assert {verdict.unit.identifier for verdict in verdicts if verdict.unit} == {SECOND.identifier}
    assert [verdict.challenge for verdict in verdicts] == [True, False, False]


def test_an_event_before_the_first_hello_stays_with_the_device(store: Store) -> None:
    unit = Speaker(OTHER_CHIP, SECOND)
    early = unit.heard(unit.event())
    assert store.ingest([early])[0].reason == "unknown identity"
    unit.bind(store)
    assert store.ingest([early])[0].result is Result.STORED


def test_a_right_proof_is_noted_and_a_wrong_one_takes_it_back(store: Store, unit: Speaker) -> None:
    def proven() -> int | None:
        with store.reading() as db:
            return next(each.proven_ms for each in views.devices(db) if each.source == CHIP.hex())

    assert proven() is None
    assert unit.prove(store).result is Result.STORED
    assert proven() == NOW_MS
    assert unit.prove(store, secret=b"x" * 32).reason == "wrong proof"
    assert proven() is None


def test_an_old_hello_that_is_sent_again_changes_nothing_until_it_is_proven(store: Store) -> None:
    newer = Speaker(CHIP, FIRST, session=20)
    newer.say(store, newer.hello(firmware_minor=5))

    def known() -> tuple[str | None, int | None]:
        with store.reading() as db:
            return next((each.firmware, each.session) for each in views.devices(db) if each.source == CHIP.hex())

    old = Speaker(CHIP, FIRST, session=3)
    verdict = old.say(store, old.hello(firmware_minor=2))
    assert verdict.challenge, "asked, because nobody else can tell"
    assert known() == ("0.5.0", 20)
    assert old.say(store, state()).result is Result.STORED, "no state came yet, so none is newer"
    assert old.prove(store).result is Result.STORED
    assert known() == ("0.2.0", 3), "it answered a fresh challenge: its sessions began anew"


def test_states_of_a_unit_whose_sessions_began_anew_are_believed_after_its_proof(store: Store) -> None:
    assert Speaker(CHIP, FIRST, session=20).say(store, state(methane_ppm=1)).result is Result.STORED
    anew = Speaker(CHIP, FIRST, session=1)
    anew.say(store, anew.hello())
    assert anew.say(store, state()).reason == "old or repeated"
    anew.prove(store)
    assert anew.say(store, state(methane_ppm=77)).result is Result.STORED
    found = store.latest_state(CHIP.hex())
    assert found is not None
    assert found.methane_ppm == 77


def test_what_was_journalled_in_an_older_session_does_not_bring_that_session_back(store: Store) -> None:
    Speaker(CHIP, FIRST, session=9).say(store, state())
    older = Speaker(CHIP, FIRST, session=7)
    older.seq = 5
    assert older.say(store, older.event()).result is Result.STORED
    with store.reading() as db:
        assert [each.session for each in views.devices(db) if each.source == CHIP.hex()] == [9]


def test_a_recording_that_is_played_again_does_not_make_a_unit_look_alive(store: Store, unit: Speaker) -> None:
    def seen() -> int | None:
        with store.reading() as db:
            return next(each.last_seen_ms for each in views.devices(db) if each.source == CHIP.hex())

    recorded = [unit.heard(unit.hello(), NOW_MS), unit.heard(unit.event(), NOW_MS), unit.heard(state(), NOW_MS)]
    store.ingest(recorded)
    again = [Received(packet.topic_source, packet.payload, NOW_MS + 9_000) for packet in recorded]
    results = [verdict.result for verdict in store.ingest(again)]
    assert results == [Result.STORED, Result.STORED_BEFORE, Result.REFUSED]
    assert seen() == NOW_MS
    unit.say(store, state(), NOW_MS + 10_000)
    assert seen() == NOW_MS + 10_000


def test_a_revocation_by_another_program_holds_from_the_next_batch_on(store: Store, unit: Speaker) -> None:
    assert unit.say(store, unit.event()).result is Result.STORED
    revoke(store, FIRST.identifier)
    assert unit.say(store, unit.event()).reason == "revoked identity"
    assert len(store.events()) == 1


def test_a_rebound_unit_is_taken_from_its_new_chip_and_no_longer_from_the_old_one(store: Store, unit: Speaker) -> None:
    db = open_database(store.path)
    assert register.rebind(db, FIRST.identifier) == CHIP.hex()
    db.close()
    Speaker(OTHER_CHIP, FIRST).bind(store)
    assert unit.say(store, unit.event()).reason == "unknown identity"
    assert unit.say(store, unit.hello()).reason == "two units of one identity"


def test_with_an_empty_register_anyone_is_believed_until_the_first_unit_is_enrolled(tmp_path: Path) -> None:
    store = Store(tmp_path / "m.sqlite")
    demo, unit = Speaker(OTHER_CHIP, None), Speaker(CHIP, FIRST)
    for speaker in (demo, unit):
        assert speaker.say(store, speaker.hello("88.118.8/GA1")).result is Result.STORED
        assert speaker.say(store, speaker.event()).unit is None, "nobody vouches for it"
    assert [store.admit] == [Admit.ANYONE]
    db = open_database(tmp_path / "m.sqlite")
    register.enrol(db, [FIRST], NOW_MS)
    db.close()
    assert demo.say(store, demo.event()).reason == "unknown identity"
    assert [store.admit] == [Admit.REGISTERED]
    unit.bind(store)
    store.close()


def test_anyone_on_purpose_still_believes_enrolled_units_by_their_seal_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "m.sqlite", Admit.ANYONE)
    register.enrol(store._db, [FIRST], NOW_MS)
    forged = Speaker(OTHER_CHIP, None)
    assert forged.say(store, forged.hello(FIRST.identifier)).reason == "no seal"
    Speaker(CHIP, FIRST).bind(store)
    assert Speaker(CHIP, None).say(store, state()).reason == "no seal"
    assert forged.say(store, forged.event()).result is Result.STORED
    store.close()


def test_gaps_and_repetitions_are_counted_by_session(store: Store, unit: Speaker) -> None:
    packets = [unit.heard(unit.event()) for _ in range(6)]
    store.ingest([packets[0], packets[1], packets[1], packets[4]])
    store.ingest([packets[1]])
    with store.reading() as db:
        device = next(each for each in views.devices(db) if each.source == CHIP.hex())
    assert (device.events, device.gaps, device.repeated) == (3, 2, 2)
    store.ingest([packets[2], packets[3]])
    with store.reading() as db:
        device = next(each for each in views.devices(db) if each.source == CHIP.hex())
    assert (device.events, device.gaps, device.repeated) == (5, 0, 2)
    assert store.repeated(CHIP.hex()) == 2


def test_a_batch_that_failed_leaves_nothing_believed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = Speaker(OTHER_CHIP, SECOND)
    batch = [unit.heard(unit.hello()), unit.heard(unit.event())]
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr("davy.monitor.tally.Tally.write", lambda *_: (_ for _ in ()).throw(RuntimeError("power cut")))
        store.ingest(batch)
    assert unit.say(store, state()).reason == "unknown identity", "the binding went with the batch"
    assert [verdict.result for verdict in store.ingest(batch)] == [Result.STORED] * 2


def test_the_same_trouble_within_an_hour_is_one_incident_and_later_another(store: Store) -> None:
    forged = Speaker(CHIP, None)
    for at_ms in (NOW_MS, NOW_MS + 1, NOW_MS + SAME_MS, NOW_MS + 3 * SAME_MS):
        forged.say(store, forged.event(), at_ms)
    assert [(each[0], each[3]) for each in incidents(store)] == [("wrong_seal", 3), ("wrong_seal", 1)]


def test_a_flood_of_strangers_leaves_bounded_tables(store: Store) -> None:
    strangers = [Speaker(bytes.fromhex(f"{at:016x}"), None) for at in range(REFUSED_SOURCES_KEPT + 500)]
    store.ingest([each.heard(each.event(), NOW_MS + at) for at, each in enumerate(strangers)])
    with store.reading() as db:
        sources = {row[0] for row in db.execute("SELECT source FROM refused_by")}
        assert db.execute("SELECT count(*) FROM devices").fetchone() == (1,)
    assert sources == {each.name for each in strangers[-REFUSED_SOURCES_KEPT:]}
    assert store.refused() == {"unknown identity": len(strangers)}

    def many(db: object) -> None:
        for at in range(INCIDENTS_KEPT + 7):
            note(store._db, Incident("wrong_seal", f"{at:016x}", None, None), 1, NOW_MS)

    store.write(many)
    with store.reading() as db:
        assert db.execute("SELECT count(*) FROM incidents").fetchone() == (INCIDENTS_KEPT,)


def test_a_strangers_topic_is_not_carried_into_the_database(store: Store) -> None:
    store.ingest([Received("\x1b[2J" * 50, b"x", NOW_MS)])
    with store.reading() as db:
        assert db.execute("SELECT source, reason FROM refused_by").fetchall() == [("", "too short")]


def test_no_secret_is_in_what_a_verdict_shows(store: Store, unit: Speaker) -> None:
    shown = repr(unit.say(store, unit.event()))
    assert FIRST.identifier in shown
    assert repr(FIRST.secret) not in shown
    assert repr(seal_key(FIRST.secret)) not in shown


def test_a_seal_covers_every_byte_of_the_frame(store: Store) -> None:
    frame = encode_frame(CHIP, 7, 5, 9, Speaker(CHIP, FIRST).event())
    good = seal_frame(seal_key(FIRST.secret), frame)
    for at in range(len(good)):
        forged = good[:at] + bytes((good[at] ^ 0x10,)) + good[at + 1 :]
        (verdict,) = store.ingest([Received(CHIP.hex(), forged, NOW_MS)])
        assert verdict.result is Result.REFUSED, f"byte {at}"
    assert store.ingest([Received(CHIP.hex(), good, NOW_MS)])[0].result is Result.STORED

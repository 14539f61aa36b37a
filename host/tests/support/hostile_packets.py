"""Packets that a monitor must not believe, each with the reason it gives, and the incident that it writes down.

The store that takes them has FIRST bound to CHIP, by its HELLO of session 7, and SECOND enrolled and never heard.
"""

from __future__ import annotations

from collections.abc import Callable

from davy.codec import Ack, Result
from davy.monitor import Received, Store
from davy.monitor import registry as register
from davy.monitor.schema import open_database
from support.speaker import NOW_MS, Speaker, enrolment, state

CHIP, OTHER_CHIP = bytes.fromhex("02da9f0c11220000"), bytes.fromhex("02da9f0c11220001")
FIRST, SECOND = enrolment("GA1", b"1" * 32), enrolment("GA2", b"2" * 32)


def revoke(store: Store, identifier: str) -> None:
    """As another program does it."""
    db = open_database(store.path)
    register.revoke(db, identifier, "stolen", NOW_MS)
    db.close()


def hello_of_a_stranger(_: Store) -> Received:
    stranger = Speaker(OTHER_CHIP, enrolment("GA9", b"9" * 32))
    return stranger.heard(stranger.hello())


def event_of_a_stranger(_: Store) -> Received:
    stranger = Speaker(OTHER_CHIP, enrolment("GA9", b"9" * 32))
    return stranger.heard(stranger.event())


def unsealed_event_of_a_stranger(_: Store) -> Received:
    stranger = Speaker(OTHER_CHIP, None)
    return stranger.heard(stranger.event())


def event_without_its_seal(_: Store) -> Received:
    forged = Speaker(CHIP, None)
    return forged.heard(forged.event())


def event_with_another_units_seal(_: Store) -> Received:
    forged = Speaker(CHIP, SECOND)
    return forged.heard(forged.event())


def event_with_one_bit_of_its_seal_wrong(_: Store) -> Received:
    unit = Speaker(CHIP, FIRST)
    packet = unit.packet(unit.event())
    return Received(unit.name, packet[:-1] + bytes((packet[-1] ^ 1,)), NOW_MS)


def state_without_its_seal(_: Store) -> Received:
    return Speaker(CHIP, None).heard(state())


def hello_in_a_known_name_without_a_seal(_: Store) -> Received:
    forged = Speaker(OTHER_CHIP, None)
    return forged.heard(forged.hello(SECOND.identifier))


def hello_in_a_known_name_with_a_wrong_seal(_: Store) -> Received:
    forged = Speaker(OTHER_CHIP, enrolment("GA9", b"9" * 32))
    return forged.heard(forged.hello(SECOND.identifier))


def hello_of_a_revoked_unit(store: Store) -> Received:
    revoke(store, SECOND.identifier)
    unit = Speaker(OTHER_CHIP, SECOND)
    return unit.heard(unit.hello())


def event_of_a_revoked_unit(store: Store) -> Received:
    revoke(store, FIRST.identifier)
    unit = Speaker(CHIP, FIRST, session=8)
    return unit.heard(unit.event())


def chip_that_now_says_that_it_is_another_unit(_: Store) -> Received:
    unit = Speaker(CHIP, SECOND)
    return unit.heard(unit.hello())


def second_chip_with_the_identity_of_the_first(_: Store) -> Received:
    twin = Speaker(OTHER_CHIP, FIRST)
    return twin.heard(twin.hello())


def wrong_proof(store: Store) -> Received:
    unit = Speaker(CHIP, FIRST, session=8)
    return unit.heard(unit.proof(store.proofs.challenge(CHIP), secret=b"x" * 32))


def proof_with_another_certificate(store: Store) -> Received:
    unit = Speaker(CHIP, FIRST, session=8)
    return unit.heard(unit.proof(store.proofs.challenge(CHIP), certificate=b"another "))


def proof_that_nobody_asked_for(_: Store) -> Received:
    unit = Speaker(CHIP, FIRST, session=8)
    return unit.heard(unit.proof(bytes(16)))


def proof_of_an_earlier_challenge(store: Store) -> Received:
    unit = Speaker(CHIP, FIRST, session=8)
    proof = unit.proof(store.proofs.challenge(CHIP))
    store.proofs.challenge(CHIP)
    return unit.heard(proof)


def proof_that_comes_again(store: Store) -> Received:
    unit = Speaker(CHIP, FIRST, session=8)
    packet = unit.heard(unit.proof(store.proofs.challenge(CHIP)))
    assert store.ingest([packet])[0].result is Result.STORED
    return packet


def state_that_comes_again(store: Store) -> Received:
    packet = Speaker(CHIP, FIRST, session=8).heard(state())
    assert store.ingest([packet])[0].result is Result.STORED
    return packet


def state_of_an_older_session(store: Store) -> Received:
    assert Speaker(CHIP, FIRST, session=8).say(store, state()).result is Result.STORED
    old = Speaker(CHIP, FIRST, session=7)
    old.seq = 900
    return old.heard(state())


def ack_from_a_unit(_: Store) -> Received:
    return Speaker(CHIP, FIRST, session=8).heard(Ack(CHIP, 7, 1, 0))


def frame_of_another_source_than_its_topic(_: Store) -> Received:
    unit = Speaker(CHIP, FIRST)
    return Received(OTHER_CHIP.hex(), unit.packet(unit.event()), NOW_MS)


def event_later_than_the_database_can_hold(_: Store) -> Received:
    unit = Speaker(CHIP, FIRST)
    return unit.heard(unit.event(event_uptime_ms=1 << 63))


def event_under_the_number_of_another(store: Store) -> Received:
    unit = Speaker(CHIP, FIRST)
    assert unit.say(store, unit.event()).result is Result.STORED
    unit.seq = 0
    return unit.heard(unit.event(value=1))


def bytes_that_are_no_frame(_: Store) -> Received:
    return Received(CHIP.hex(), b"\0" * 20, NOW_MS)


Hostile = Callable[[Store], Received]
REFUSALS: list[tuple[Hostile, str, str | None]] = [
    (hello_of_a_stranger, "unknown identity", "unknown_identity"),
    (event_of_a_stranger, "unknown identity", "unknown_identity"),
    (unsealed_event_of_a_stranger, "unknown identity", "unknown_identity"),
    (event_without_its_seal, "no seal", "wrong_seal"),
    (event_with_another_units_seal, "wrong seal", "wrong_seal"),
    (event_with_one_bit_of_its_seal_wrong, "wrong seal", "wrong_seal"),
    (state_without_its_seal, "no seal", "wrong_seal"),
    (hello_in_a_known_name_without_a_seal, "no seal", "wrong_seal"),
    (hello_in_a_known_name_with_a_wrong_seal, "wrong seal", "wrong_seal"),
    (hello_of_a_revoked_unit, "revoked identity", "revoked_identity"),
    (event_of_a_revoked_unit, "revoked identity", "revoked_identity"),
    (chip_that_now_says_that_it_is_another_unit, "mismatched identity", "mismatched_identity"),
    (second_chip_with_the_identity_of_the_first, "two units of one identity", "two_units"),
    (wrong_proof, "wrong proof", "wrong_proof"),
    (proof_with_another_certificate, "mismatched identity", "mismatched_identity"),
    (proof_that_nobody_asked_for, "old or repeated", None),
    (proof_of_an_earlier_challenge, "old or repeated", None),
    (proof_that_comes_again, "old or repeated", None),
    (state_that_comes_again, "old or repeated", None),
    (state_of_an_older_session, "old or repeated", None),
    (ack_from_a_unit, "not for a monitor", None),
    (frame_of_another_source_than_its_topic, "source differs from topic", None),
    (event_later_than_the_database_can_hold, "value out of range", None),
    (event_under_the_number_of_another, "number of another event", "number_reused"),
    (bytes_that_are_no_frame, "too short", None),
]

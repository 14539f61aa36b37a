"""A provisioned unit on the virtual board: it is who its record says it is, and proves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.codec import Challenge, CommandKind, Fault, Proof, Query, QueryKind, Status
from davy.identity import Ca, create_ca, expected_proof
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.calibration import calibration_of
from davy.image.settings import Settings
from support.provisioned import ANYONE, IDENTIFIER, NONCE, Maker, made, several


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    return create_ca(tmp_path_factory.mktemp("maker") / "ca")


@pytest.fixture
def provisioned(tmp_path: Path) -> Iterator[Maker]:
    with several(tmp_path) as maker:
        yield maker


def has(state_faults: int, fault: Fault) -> bool:
    return bool(state_faults >> fault & 1)


def test_a_unit_says_who_its_record_makes_it_and_keeps_a_copy(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca), settings=Settings())
    board.test.run(3)
    assert board.identifier == IDENTIFIER, "the record's, not settings.json's"
    assert board.test.state.faults == 0
    copy = board.copy()
    assert copy is not None
    for data in board.stored().values():
        assert data[:-4] in copy


def test_the_record_is_enough_without_any_settings_in_the_image(ca: Ca, provisioned: Maker) -> None:
    crc = build_program(load_board("virtual")).files["crc.json"]
    board = provisioned(made(ca), spoil={"settings.json": None, "calibration.json": None, "crc.json": crc})
    board.test.run(190)
    assert board.identifier == IDENTIFIER
    assert board.test.state.faults == 0
    assert not any("cannot be used" in line for line in board.test.console)


def test_a_board_with_neither_record_nor_settings_is_nobody_and_tells_its_state(provisioned: Maker) -> None:
    crc = build_program(load_board("virtual")).files["crc.json"]
    board = provisioned(None, spoil={"settings.json": None, "calibration.json": None, "crc.json": crc})
    board.test.run(190)
    assert board.identifier == ""
    assert board.test.state.methane_status == Status.UNCALIBRATED
    board.ask(Challenge(ANYONE, NONCE))
    assert board.test.messages(Proof) == []


def test_settings_come_from_the_record(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca, Settings.wired_only(serial_state_ms=5_000)), settings=Settings.wired_only(500))
    board.test.run(60)
    states = [event.t_ms for event in board.test.events if event.kind == "frame" and "State(" in str(event.data)]
    assert 11 <= len(states) <= 13


def test_the_calibration_comes_from_the_record(ca: Ca, provisioned: Maker) -> None:
    spec = load_board("virtual")
    readings = []
    for r0_ohm in (spec.methane.r0_ohm, spec.methane.r0_ohm * 5 // 4):
        board = provisioned(made(ca, calibration=calibration_of(spec, {"methane": r0_ohm})))
        board.test.set_gas(methane_ppm=2_000)
        board.test.run(210)
        assert board.test.state.methane_ppm is not None
        readings.append(board.test.state.methane_ppm)
    assert 1.6 < readings[1] / readings[0] < 2.2, "(5/4) ** 2.83 is 1.88"


def test_a_unit_without_a_calibration_shows_the_fault_whatever_the_image_holds(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca, calibration=None))
    board.test.run(200)
    assert board.test.state.methane_status == Status.UNCALIBRATED
    assert has(board.test.state.faults, Fault.METHANE_SENSOR)
    assert not has(board.test.state.faults, Fault.SETTINGS)
    assert board.identifier == IDENTIFIER


def test_a_board_that_was_never_given_a_record_lives_by_its_files(provisioned: Maker) -> None:
    board = provisioned(None, settings=Settings.wired_only())
    board.test.run(190)
    assert board.identifier == Settings().identifier
    assert board.test.state.faults == 0
    assert board.copy() is None
    assert board.stored() == {}


def test_a_challenge_is_answered_by_the_unit_and_its_proof_holds_for_no_other_nonce(ca: Ca, provisioned: Maker) -> None:
    unit = made(ca)
    board = provisioned(unit)
    board.test.run(3)
    board.ask(Challenge(ANYONE, NONCE))
    (proof,) = board.test.messages(Proof)
    source, secret = board.test.frames[0].source, ca.proof_secret(IDENTIFIER)
    assert proof.nonce == NONCE
    assert proof.proof == expected_proof(secret, source, NONCE)
    assert proof.proof != expected_proof(secret, source, bytes(16))
    assert unit.public["certificate"]["sha256"].startswith(proof.certificate.hex())


def test_a_board_with_a_copied_label_cannot_prove_itself(ca: Ca, tmp_path: Path, provisioned: Maker) -> None:
    # One says the same identifier out of its settings; another was made by somebody else's CA.
    settings = Settings(identifier=IDENTIFIER, wifi=None, broker=None)
    liar, forged = provisioned(None, settings=settings), provisioned(made(create_ca(tmp_path / "other")))
    for board in (liar, forged):
        board.test.run(3)
        assert board.identifier == IDENTIFIER
        board.ask(Challenge(ANYONE, NONCE))
    assert liar.test.messages(Proof) == []
    (proof,) = forged.test.messages(Proof)
    assert proof.proof != expected_proof(ca.proof_secret(IDENTIFIER), forged.test.frames[0].source, NONCE)


def test_a_query_gets_the_hello_or_the_state_when_nothing_else_is_told(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca, Settings.wired_only(serial_state_ms=3_600_000)))
    board.test.run(5)
    before = len(board.test.frames)
    for what, kind in ((QueryKind.HELLO, "Hello"), (QueryKind.STATE, "State")):
        board.ask(Query(ANYONE, what))
        assert type(board.test.frames[-1].message).__name__ == kind
    board.ask(Query(b"\x02someone", QueryKind.STATE))
    assert len(board.test.frames) == before + 2


def test_the_hourly_check_sees_that_the_copy_has_changed(ca: Ca, provisioned: Maker) -> None:
    spoiling = b"""
from machine import Timer
def _spoil(timer):
    with open("/unit.bin", "r+b") as file:
        file.seek(40)
        file.write(b"?")
Timer(1).init(period=60_000, mode=Timer.ONE_SHOT, callback=_spoil)
from wiring import start
start()
"""
    board = provisioned(made(ca), spoil={"main.py": spoiling})
    board.test.run(200)
    assert not has(board.test.state.faults, Fault.SETTINGS)
    board.test.command(CommandKind.SELF_TEST)
    board.test.run(60)
    assert has(board.test.state.faults, Fault.SETTINGS), "a self-test asks for all checks"
    assert any("unit.bin is not as it was written" in line for line in board.test.console)

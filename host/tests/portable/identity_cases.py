# Who a unit is: its record and the record's copy, its proof, and what it answers on the wired line. On every interpreter.
import unit
from protocol import cobs, codec, frame, messages
from protocol.seal import hmac_sha256
from report.incoming import Incoming
from report.proof import Prover

SOURCE = bytes((2, 218, 1, 2, 3, 4, 0, 0))
OTHER = bytes((2, 218, 9, 9, 9, 9, 0, 0))
NONCE = bytes(range(16))


def record(**changes):
    blobs = {key: (key * 9).encode() for key in unit.KEYS}
    blobs.update(changes)
    return {key: data for key, data in blobs.items() if data is not None}


def test_hmac_is_that_of_rfc_4231():
    for key, message, expected in (
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    ):
        assert hmac_sha256(key, message).hex() == expected


def test_a_copy_gives_back_the_record_with_and_without_a_calibration():
    for blobs in (record(), record(calibration=None), record(cert=bytes(1500))):
        assert unit.unpacked(unit.packed(blobs)) == blobs


def test_no_damaged_or_cut_copy_is_taken_for_one():
    data = unit.packed(record())
    for at in range(len(data)):
        bad = bytearray(data)
        bad[at] ^= 0x10
        assert unit.unpacked(bytes(bad)) == {}, at
        assert unit.unpacked(data[:at]) == {}, at
    assert unit.unpacked(data + b"\x00") == {}
    assert unit.unpacked(unit.packed(record(secret=None))) == {}, "not whole"


def test_a_whole_record_in_the_store_goes_before_its_copy():
    for stored in (record(), record(settings=b"new"), record(calibration=b"new"), record(calibration=None, key=b"new")):
        assert unit.better(stored, record()) == stored
        assert unit.better(stored, {}) == stored


def test_a_record_that_misses_anything_gives_way_to_the_copy():
    for key in unit.KEYS:
        if key != "calibration":
            assert unit.better(record(**{key: None}), record()) == record()
            assert unit.better(record(**{key: None}), {}) == {}
    assert unit.better({}, record()) == record()


def test_a_calibration_that_the_store_has_lost_comes_back_and_the_newer_settings_stay():
    stored = record(calibration=None, settings=b"new")
    assert unit.better(stored, record()) == record(settings=b"new")
    assert "calibration" not in stored


class Owner:
    # Says and proves as the reporter does.
    def __init__(self, prover):
        self.prover = prover

    def acknowledged(self, fields):
        return False

    def say(self, what):
        return what.encode()

    def prove(self, nonce):
        return self.prover.answer(SOURCE, nonce)["proof"] if self.prover else b""


def asked(message_type, fields, prover=None, count=1, wired=True):
    # (reasons, answers, challenges without an answer)
    answers: list = []
    incoming = Incoming(SOURCE, b"", Owner(prover), None)
    data = frame.encode(message_type, bytes(8), 0, 0, 0, codec.encode(message_type, fields))
    line = (cobs.encode(data) + b"\x00") * count
    reasons = incoming.line(line, answers.append) if wired else [incoming.packet(data, answers.append)]
    return reasons, answers, incoming.unproven


def test_a_query_is_answered_for_this_unit_or_for_whoever_is_there_and_for_no_other():
    for target, answered in ((SOURCE, True), (messages.ANYONE, True), (OTHER, False)):
        for what, name in enumerate(messages.ENUMS["query"]):
            reasons, answers, _ = asked(messages.QUERY, {"target": target, "what": what})
            assert answers == ([name.encode()] if answered else [])
            assert reasons == [frame.GOOD if answered else frame.FOREIGN]


def test_a_challenge_is_answered_by_who_has_the_secret_and_counted_by_who_has_none():
    fields = {"target": messages.ANYONE, "nonce": NONCE}
    secret = bytes(range(32))
    _, answers, unproven = asked(messages.CHALLENGE, fields, Prover(secret, bytes(8)))
    assert answers == [hmac_sha256(secret, b"davy proof 1" + SOURCE + NONCE)]
    assert unproven == 0
    assert asked(messages.CHALLENGE, fields) == ([frame.FOREIGN], [], 1)
    fields["target"] = OTHER
    assert asked(messages.CHALLENGE, fields, Prover(secret, bytes(8)))[1] == []


def test_a_proof_differs_with_the_source_the_nonce_and_the_secret():
    prover = Prover(bytes(range(32)), b"12345678")
    proofs = [
        prover.answer(SOURCE, NONCE)["proof"],
        prover.answer(OTHER, NONCE)["proof"],
        prover.answer(SOURCE, bytes(16))["proof"],
        Prover(bytes(32), b"12345678").answer(SOURCE, NONCE)["proof"],
    ]
    assert len(set(proofs)) == 4


def test_over_a_network_a_challenge_must_name_the_unit():
    secret = Prover(bytes(range(32)), bytes(8))
    assert asked(messages.CHALLENGE, {"target": messages.ANYONE, "nonce": NONCE}, secret, wired=False)[1] == []
    assert len(asked(messages.CHALLENGE, {"target": SOURCE, "nonce": NONCE}, secret, wired=False)[1]) == 1


def test_a_flood_of_questions_gets_few_answers():
    reasons, answers, _ = asked(messages.QUERY, {"target": SOURCE, "what": 1}, count=50)
    assert len(reasons) == 50
    assert len(answers) == 4


def test_a_question_that_does_not_come_over_the_wired_line_is_refused():
    reasons, _, _ = asked(messages.QUERY, {"target": SOURCE, "what": 1}, wired=False)
    assert reasons == [frame.UNKNOWN_TYPE]

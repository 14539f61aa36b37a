# What a rig answers, frame by frame. The same on every interpreter.
from rig_room import OUTPUT, ask, make, read, rig

from answers import Answers
from edges import Edges
from outputs import DONE
from protocol import frame
from rig_protocol import messages

ABOUT = {
    "schema_checksum": 1, "firmware_major": 0, "firmware_minor": 1, "firmware_patch": 2, "outputs": 3, "inputs": 0x7F,
    "values": 5, "calibrated_day": None, "wiring": "a bench",
}  # fmt: skip


class _Seen:
    def __init__(self):
        self.edges = Edges(512)

    def levels(self):
        return 0x12


class _Readings:
    def fields(self):
        found: dict = {}
        for name in messages.VALUE_NAMES:
            found[name + "_part"] = 0
            found[name] = -5
        found["coil_ua_part"], found["coil_ua"] = 2, None
        return found


def _room():
    made, clock, outputs = rig(["button", "co_uv"])
    seen = _Seen()
    return Answers(made, seen, _Readings(), clock, make, ABOUT), made, clock, outputs, seen


def _set(number, value=1, output="button"):
    return ask(messages.SET, {"id": number, "output": OUTPUT(output), "value": value, "hold_ms": 0})


def test_an_act_is_done_once_however_often_it_is_asked_for():
    answers, _, clock, outputs, _ = _room()
    first = answers.take(_set(5))
    clock.move(77)
    assert answers.take(_set(5)) == first
    assert outputs["button"].values == [(1_000, 1)]
    kind, fields = read(first[0])
    assert (kind, fields) == (
        messages.DONE, {"id": 5, "outcome": DONE, "t_ms": 1_000, "rests": 0, "failures": 0}
    )  # fmt: skip


def test_another_id_and_another_host_are_other_acts():
    answers, _, _, outputs, _ = _room()
    answers.take(_set(5))
    answers.take(_set(6))
    answers.take(ask(messages.SET, {"id": 6, "output": OUTPUT("button"), "value": 1, "hold_ms": 0}, session=8))
    assert len(outputs["button"].values) == 3


def test_what_is_remembered_of_acts_has_a_bound():
    answers, _, _, _, _ = _room()
    for number in range(10):
        answers.take(_set(number, number & 1))
    assert len(answers._kept) == 4


def test_every_frame_that_is_none_is_counted_and_answered_with_its_reason():
    answers, _, _, outputs, _ = _room()
    good = _set(1)
    torn = bytearray(good)
    torn[-1] ^= 1
    beyond = frame.encode(messages.SET, b"host0000", 0, 0, 0, b"\x00\x00\x00\x01\xff\x00\x00\x00\x01\x00\x00\x00\x00")
    spoilt = (
        (b"", frame.TOO_SHORT),
        (bytes(torn), frame.BAD_CRC),
        (frame.encode(4, b"host0000", 0, 0, 0, b""), frame.UNKNOWN_TYPE),
        (frame.encode(messages.DONE, b"host0000", 0, 0, 0, b""), frame.UNKNOWN_TYPE),
        (frame.encode(messages.REST, b"host0000", 0, 0, 0, b""), frame.SHORT_PAYLOAD),
        (beyond, frame.OUT_OF_RANGE),
    )
    for count, (data, reason) in enumerate(spoilt):
        kind, fields = read(answers.take(data)[0])
        assert (kind, fields) == (messages.REFUSED, {"reason": reason, "refused_frames": count + 1})
    assert outputs["button"].values == []


def test_a_bad_frame_is_no_sign_of_the_host():
    answers, made, clock, _, _ = _room()
    made.set(messages.WATCH, 1_000, 0)
    clock.move(999)
    answers.take(b"noise")
    clock.move(1)
    assert made.rests == 1


def test_who_it_is_and_what_it_reads_come_back_as_they_are():
    answers, _, _, _, _ = _room()
    kind, about = read(answers.take(ask(messages.ASK, {"id": 3, "what": 0, "since": 0}))[0])
    assert kind == messages.ABOUT
    assert [about[name] for name in ABOUT] == list(ABOUT.values())
    kind, levels = read(answers.take(ask(messages.ASK, {"id": 4, "what": 1, "since": 0}))[0])
    assert (kind, levels) == (messages.LEVELS, {"id": 4, "t_ms": 1_000, "inputs": 0x7F, "levels": 0x12})
    kind, values = read(answers.take(ask(messages.ASK, {"id": 5, "what": 2, "since": 0}))[0])
    assert kind == messages.VALUES
    assert (values["supply_uv"], values["coil_ua_part"], values["coil_ua"]) == (-5, 2, None)


def test_edges_come_in_several_frames_and_a_next_question_brings_the_rest():
    answers, _, _, _, seen = _room()
    for at in range(300):
        seen.edges.add(500 + at, at % 7, at & 1)
    got: list = []
    for _ in range(2):
        frames = answers.take(ask(messages.ASK, {"id": 9, "what": 3, "since": len(got)}))
        assert len(frames) <= 4
        for each in frames:
            _, fields = read(each)
            assert (fields["first"], fields["total"]) == (len(got), 300)
            for at in range(0, len(fields["edges"]), messages.EDGE_BYTES):
                got.append(fields["base_ms"] + int.from_bytes(fields["edges"][at : at + 4], "big"))
    assert got == list(range(500, 800))
    assert read(answers.take(ask(messages.ASK, {"id": 9, "what": 3, "since": 300}))[0])[1]["edges"] == b""


def test_the_longest_waveform_frame_fits_the_ports_buffer_as_text():
    points = {"id": 1, "output": OUTPUT("co_uv"), "period_ms": 10, "total": 1_000, "first": 0, "points": bytes(120)}
    data = ask(messages.POINTS, points)
    assert (len(data) + 2) // 3 * 4 + 2 <= 260


def test_no_payload_of_a_good_frame_is_more_than_refused_or_answered():
    # 400 payloads by a linear congruence, the same on every interpreter.
    answers, _, _, _, _ = _room()
    state, kinds = 1, (messages.SET, messages.POINTS, messages.REST, messages.ASK)
    told = []
    for number in range(400):
        data = bytearray()
        for _ in range(number % 37):
            state = (state * 1_103 + 12_345) % 65_536
            data.append(state >> 8 if number % 3 else state >> 14)
        for answer in answers.take(frame.encode(kinds[number % 4], b"host0000", 1, number, 0, bytes(data))):
            told.append(read(answer)[0])
    assert len(told) >= 400 and messages.DONE in told and messages.REFUSED in told


def test_points_are_signed_and_a_value_out_of_range_stops_the_piece():
    answers, _, _, outputs, _ = _room()
    points = {"id": 1, "output": OUTPUT("co_uv"), "period_ms": 10, "total": 2, "first": 0}
    points["points"] = b"\x00\x00\x00\x07\xff\xff\xff\xff"
    assert read(answers.take(ask(messages.POINTS, points))[0])[1]["outcome"] == DONE
    assert outputs["co_uv"].values == [(1_000, 7)]
    points["id"], points["points"] = 2, b"\x00\x00\x00\x07\xff\xff\xff\xfe"
    assert read(answers.take(ask(messages.POINTS, points))[0])[1]["outcome"] == 2  # bad_value

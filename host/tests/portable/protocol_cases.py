# The wire protocol's firmware code, on whatever interpreter this is. `vectors` is laid beside it by the test.
from vectors import BAD, GOOD, SCHEMA_CHECKSUM

from protocol import cobs, codec, frame, messages


def shown(fields):
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}


def test_good_vectors_decode_to_their_fields():
    for vector in GOOD:
        found = frame.decode(bytes.fromhex(vector["frame"]))
        assert found.error == frame.GOOD, (vector, found.error)
        assert found.message_type == vector["type"]
        assert found.source.hex() == vector["source"]
        assert (found.session, found.seq, found.uptime_ms) == (vector["session"], vector["seq"], vector["uptime_ms"])
        fields, reason = codec.decode(found.message_type, found.payload)
        assert reason == frame.GOOD, (vector, reason)
        assert shown(fields) == vector["fields"], (shown(fields), vector["fields"])


def test_good_vectors_encode_to_the_same_bytes():
    for vector in GOOD:
        fields = {}
        for field in messages.FIELDS[vector["type"]]:
            value = vector["fields"][field[0]]
            fields[field[0]] = bytes.fromhex(value) if field[1] in messages.BYTES else value
        payload = codec.encode(vector["type"], fields)
        made = frame.encode(
            vector["type"],
            bytes.fromhex(vector["source"]),
            vector["session"],
            vector["seq"],
            vector["uptime_ms"],
            payload,
        )
        assert made.hex() == vector["frame"]


def test_bad_vectors_are_refused_for_their_reason():
    for vector in BAD:
        found = frame.decode(bytes.fromhex(vector["frame"]))
        reason = found.error
        if reason == frame.GOOD:
            reason = codec.decode(found.message_type, found.payload)[1]
        assert reason == vector["reason"], (vector["text"], frame.REASONS[reason])


def test_the_schema_checksum_is_the_same_everywhere():
    assert messages.schema_checksum() == SCHEMA_CHECKSUM


def test_cobs_gives_back_what_it_was_given_and_holds_no_zero():
    for size in (0, 1, 2, 253, 254, 255, 256, 289):
        for pattern in (bytes(size), bytes([at % 256 for at in range(size)]), b"\x01" * size):
            encoded = cobs.encode(pattern)
            assert 0 not in encoded
            assert cobs.decode(encoded) == pattern


def test_a_deframer_is_in_step_again_after_garbage():
    good = bytes.fromhex(GOOD[0]["frame"])
    line = b"\x11\x22garbage\x00" + b"\xff" * 2000 + b"\x00" + cobs.encode(good) + b"\x00"
    deframer = cobs.Deframer()
    found = []
    for at in range(0, len(line), 7):
        found.extend(deframer.feed(line[at : at + 7]))
    assert [reason for reason, _ in found] == [frame.BAD_COBS, frame.TOO_LONG, frame.GOOD]
    assert found[-1][1] == good


def test_out_of_range_is_refused_before_it_is_packed():
    # MicroPython's struct.pack would wrap silently.
    for change in (
        {"methane_lel_permille": 70000},
        {"run_state": 10},
        {"temperature_cdegc": -5000},
        {"co_ppm": -1},
        {"faults": 1 << 32},
        {"waiting_events": 1 << 16},
        {"refused_frames": -1},
    ):
        fields = {
            "run_state": 2, "methane_status": 0, "methane_ppm": 5, "methane_lel_permille": 1, "methane_level": 0,
            "co_status": 0, "co_ppm": 0, "co_level": 0, "valve_state": 1, "valve_commanded": 1, "latched": 0,
            "faults": 0, "lost_events": 0,
            "muted_s": 0, "test": 0, "test_failed": 0, "tampered": 0, "service_days": 1825, "alarm_memory": 0,
            "climate_status": 0, "temperature_cdegc": 2000, "humidity_permille": 650,
            "waiting_events": 0, "torn_events": 0, "refused_frames": 0,
        }  # fmt: skip
        fields.update(change)
        try:
            codec.encode(messages.STATE, fields)
        except ValueError as error:
            assert next(iter(change)) in str(error)
        else:
            raise AssertionError("packed " + str(change))


def test_a_reading_without_a_status_may_be_none():
    fields = {
        "kind": 1, "gas": 0, "detail": 0, "value": 0, "event_uptime_ms": 1, "number": 0, "time_s": None, "command_id": None,
    }  # fmt: skip
    payload = codec.encode(messages.EVENT, fields)
    assert payload[-8:] == b"\xff" * 8
    assert codec.decode(messages.EVENT, payload) == (fields, frame.GOOD)

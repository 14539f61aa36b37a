# The frames of a ZE07-CO, byte by byte. The same on every interpreter.
from drivers.ze07_frames import FRAME_BYTES, QUERY, Ze07Frames, checksum


def frame(tenths, gas=4, unit=3):
    found = bytearray((0xFF, gas, unit, 1, tenths >> 8, tenths & 0xFF, 0x13, 0x88, 0))
    found[8] = checksum(found)
    return bytes(found)


def answer(tenths):
    found = bytearray((0xFF, 0x86, tenths >> 8, tenths & 0xFF, 0, 0, 0, 0, 0))
    found[8] = checksum(found)
    return bytes(found)


def taken(data):
    # (readings in the order they came, how many frames were bad)
    frames = Ze07Frames()
    return [frames.tenths for byte in data if frames.take(byte)], frames.bad


def test_the_query_and_the_data_sheets_upload_have_the_right_checksum():
    assert checksum(QUERY) == QUERY[8] == 0x79
    assert taken(b"\xff\x04\x03\x01\x00\x25\x13\x88\x38") == ([37], 0)


def test_both_forms_are_taken_up_to_full_scale():
    assert taken(frame(0) + answer(5_000) + frame(5_000) + answer(3)) == ([0, 5_000, 5_000, 3], 0)


def test_every_wrong_bit_is_refused():
    sound = frame(0x1234)
    for at in range(1, FRAME_BYTES):
        for bit in range(8):
            spoilt = bytearray(sound)
            spoilt[at] ^= 1 << bit
            assert taken(bytes(spoilt))[0] == [], (at, bit)


def test_another_gas_or_another_unit_is_no_reading():
    assert taken(frame(37, gas=5)) == ([], 1)
    assert taken(frame(37, unit=2)) == ([], 1)


def test_a_frame_that_begins_within_a_broken_one_is_not_lost():
    for cut in range(1, FRAME_BYTES):
        readings, bad = taken(frame(37)[:cut] + frame(41) + frame(43))
        assert readings == [41, 43], cut
        assert bad >= 1


def test_noise_before_a_frame_is_passed_over():
    assert taken(b"\x00\x12\x88" + frame(37)) == ([37], 0)
    assert taken(b"\xff\xff\xff" + frame(37) + frame(38))[0][-1] == 38

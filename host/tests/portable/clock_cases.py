# The time of day: which answers of a time server are believed, and what is made of them. On every interpreter.
import struct

from report import sntp
from report.clock import COMMAND, SNTP, UNKNOWN, Clock

NONCE = bytes(range(1, 9))
ERA_0 = 2_208_988_800
FLOOR = 1_795_564_800  # 2026-11-25
WRAP = 1 << 30


def reply(unix_s, fraction=0, first=0x24, stratum=2, nonce=NONCE):
    seconds = (unix_s + ERA_0) & 0xFFFFFFFF
    return bytes((first, stratum, 6, 0xEC)) + bytes(20) + nonce + bytes(8) + struct.pack(">II", seconds, fraction)


class Ticks:
    # In place of the module `time`: the test's own.
    def __init__(self, now_ms):
        self.now_ms = now_ms

    def ticks_ms(self):
        return self.now_ms & WRAP - 1

    def ticks_diff(self, end, start):
        return ((end - start + WRAP // 2) & WRAP - 1) - WRAP // 2


class Calendar:
    def __init__(self, unix_s):
        self.unix_s = unix_s

    def read_s(self):
        return self.unix_s

    def set_s(self, unix_s):
        self.unix_s = unix_s


def clock_at(ticks_ms, calendar=None):
    ticks = Ticks(ticks_ms)
    return Clock(FLOOR, calendar, ticks), ticks


def test_a_request_is_a_clients_of_version_4_with_a_random_time_of_sending():
    data = sntp.request(NONCE)
    assert len(data) == 48
    assert data[0] == 0x23
    assert data[1:40] == bytes(39)
    assert data[40:] == NONCE


def test_a_good_answer_gives_the_nearest_second():
    assert sntp.unix_s(reply(FLOOR), NONCE) == FLOOR
    assert sntp.unix_s(reply(FLOOR, 0x7FFFFFFF), NONCE) == FLOOR
    assert sntp.unix_s(reply(FLOOR, 0x80000000), NONCE) == FLOOR + 1
    assert sntp.unix_s(reply(FLOOR, first=0x1C), NONCE) == FLOOR, "version 3"


def test_the_count_of_seconds_rolls_over_in_2036():
    last = (1 << 32) - 1 - ERA_0
    for unix_s in (last - 1, last, last + 1, last + 2, 4_000_000_000):
        assert sntp.unix_s(reply(unix_s, fraction=1), NONCE) == unix_s


def test_what_does_not_echo_our_own_number_or_is_no_servers_is_no_answer():
    for data in (
        reply(FLOOR, nonce=bytes(8)),
        reply(FLOOR)[:47],
        b"",
        reply(FLOOR, first=0x23),
        reply(FLOOR, first=0x25),
        reply(FLOOR, first=0x3C),
    ):
        assert sntp.unix_s(data, NONCE) == 0, data


def test_a_server_without_the_time_is_not_believed():
    for data in (
        reply(FLOOR, stratum=0),
        reply(FLOOR, stratum=16),
        reply(FLOOR, first=0xE4),
        reply(-ERA_0),
    ):
        try:
            sntp.unix_s(data, NONCE)
        except sntp.SntpError:
            continue
        raise AssertionError(data)


def test_the_time_is_unknown_until_it_is_said_and_then_counted():
    clock, ticks = clock_at(5_000)
    assert clock.now_s() is None
    assert clock.source == UNKNOWN
    assert clock.set(FLOOR + 100, SNTP)
    assert clock.source == SNTP
    for _ in range(2_500):
        ticks.now_ms += 999
        clock.now_s()
    assert clock.now_s() == FLOOR + 100 + 2_500 * 999 // 1000
    assert clock.set(FLOOR + 7, COMMAND)
    assert clock.source == COMMAND
    assert clock.now_s() == FLOOR + 7


def test_counting_crosses_the_wrap_of_the_ticks():
    clock, ticks = clock_at(WRAP - 1_500)
    clock.set(FLOOR, SNTP)
    for hours in range(1, 24 * 20):
        ticks.now_ms += 3_600_000
        assert clock.now_s() == FLOOR + hours * 3_600


def test_a_time_before_the_firmware_was_made_or_after_2099_changes_nothing():
    clock, _ = clock_at(0)
    for wrong in (FLOOR - 1, 0, -5, 1_000_000_000, 4_102_444_800):
        assert not clock.set(wrong, SNTP), wrong
    assert clock.now_s() is None
    assert clock.set(FLOOR, SNTP)
    assert not clock.set(FLOOR - 1, COMMAND)
    assert (clock.now_s(), clock.source) == (FLOOR, SNTP)
    assert clock.set(4_102_444_799, SNTP)


def test_the_calendar_shows_the_floor_until_it_is_told_better():
    calendar = Calendar(946_684_800)
    clock, _ = clock_at(0, calendar)
    assert calendar.unix_s == FLOOR
    clock.set(FLOOR + 50, SNTP)
    assert calendar.unix_s == FLOOR + 50
    clock.set(1, SNTP)
    assert calendar.unix_s == FLOOR + 50


def test_a_calendar_that_kept_its_time_through_a_reset_is_left_alone():
    calendar = Calendar(FLOOR + 9_999)
    clock, _ = clock_at(0, calendar)
    assert calendar.unix_s == FLOOR + 9_999
    assert clock.now_s() is None, "it may be wrong all the same"

"""A wire between port and chip: how long bytes take, who waits, and what a wrong rate makes of them."""

from __future__ import annotations

from davy.board.uart_wire import MOST_WAITING_BYTES, Wire


def test_without_a_limit_bytes_are_there_at_once() -> None:
    wire = Wire(limited=False)
    wire.put(b"hello", 115_200, 115_200, 5.0)
    assert wire.take(5.0) == b"hello"
    assert wire.next_s() is None


def test_a_byte_takes_ten_bits() -> None:
    wire = Wire(limited=True)
    wire.put(bytes(1152), 115_200, 115_200, 1.0)
    assert len(wire.take(1.05)) == 576
    assert wire.take(1.05) == b""
    assert len(wire.take(1.1)) == 576


def test_bytes_wait_for_those_before_them() -> None:
    wire = Wire(limited=True)
    wire.put(b"a" * 96, 9_600, 9_600, 0.0)
    wire.put(b"b", 9_600, 9_600, 0.0)
    assert wire.take(0.1) == b"a" * 96
    assert wire.take(0.1011) == b"b"


def test_it_says_when_to_look_again_and_that_is_not_too_early() -> None:
    wire = Wire(limited=True)
    wire.put(b"abc", 9_600, 9_600, 0.0)
    now_s, arrived = 0.0, b""
    for _ in range(10):
        due_s = wire.next_s()
        if due_s is None:
            break
        now_s = due_s
        piece = wire.take(now_s)
        assert piece
        arrived += piece
    assert (arrived, round(now_s, 5)) == (b"abc", round(3 * 10 / 9_600, 5))


def test_a_sender_that_is_too_fast_waits() -> None:
    wire = Wire(limited=True)
    wire.put(bytes(MOST_WAITING_BYTES), 115_200, 115_200, 0.0)
    assert wire.full
    wire.take(0.1)
    assert not wire.full


def test_another_rate_is_garbage_and_a_small_difference_is_not() -> None:
    for heard_baud, right in ((115_200, True), (118_000, True), (9_600, False), (230_400, False)):
        wire = Wire(limited=False)
        wire.put(b"davy", 115_200, heard_baud, 0.0)
        assert (wire.take(0.0) == b"davy") is right, heard_baud


def test_what_was_on_its_way_is_gone_with_the_power() -> None:
    wire = Wire(limited=True)
    wire.put(bytes(500), 9_600, 9_600, 0.0)
    wire.clear()
    assert wire.take(100.0) == b""
    wire.put(b"x", 9_600, 9_600, 0.0)
    assert wire.take(0.0011) == b"x"

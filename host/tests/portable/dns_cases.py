# Name look-up: what is asked, and which answers are believed. On every interpreter.
import struct

from report import dns

HOST = "broker.davy.lan"
HEAD = 12


def asked(number=0x1234, host=HOST):
    return dns.query(number, host)


def name(text):
    return b"".join([bytes((len(label),)) + label.encode() for label in text.split(".")]) + b"\x00"


def record(owner, kind, data, of_class=1):
    return owner + struct.pack(">HHIH", kind, of_class, 60, len(data)) + data


def answer(records, question=None, flags=0x8180, number=0x1234):
    question = asked()[HEAD:] if question is None else question
    return struct.pack(">HHHHHH", number, flags, 1, len(records), 0, 0) + question + b"".join(records)


POINTER = b"\xc0\x0c"  # to the question's name
ADDRESS = bytes((198, 51, 100, 7))


def refusal(data, question=None):
    try:
        found = dns.address(data, asked() if question is None else question)
    except dns.DnsError as error:
        return str(error)
    raise AssertionError("took %r" % found)


def test_a_question_is_one_name_and_its_address_in_the_internet_class():
    assert asked() == bytes.fromhex("123401000001000000000000") + name(HOST) + b"\x00\x01\x00\x01"
    assert dns.query(1, HOST + ".") == dns.query(1, HOST)


def test_what_is_no_host_name_is_not_asked_for():
    for host in ("", ".", "a..b", "a" * 64 + ".lan", ".".join(["a" * 60] * 5), "\u00e4.lan", ".lan"):
        try:
            dns.query(1, host)
        except dns.DnsError:
            continue
        raise AssertionError(host)


def test_an_address_in_numbers_needs_no_question():
    for host in ("192.0.2.1", "0.0.0.0", "255.255.255.255"):
        assert dns.is_address(host)
    for host in ("256.1.1.1", "1.2.3", "1.2.3.4.5", "a.b.c.d", "1.2.3.x", "", "1.2.3.0004", "-1.2.3.4"):
        assert not dns.is_address(host), host


def test_an_address_is_found_by_name_and_by_pointer():
    for owner in (POINTER, name(HOST), name(HOST.upper())):
        assert dns.address(answer([record(owner, 1, ADDRESS)]), asked()) == "198.51.100.7"


def test_other_records_and_other_owners_are_passed_over():
    others = [
        record(POINTER, 28, bytes(16)),
        record(POINTER, 1, ADDRESS, of_class=3),
        record(POINTER, 1, b"\x01\x02\x03"),
        record(name("other.lan"), 1, bytes(4)),
    ]
    assert refusal(answer(others)) == "no address for this name"
    others.append(record(POINTER, 1, ADDRESS))
    assert dns.address(answer(others), asked()) == "198.51.100.7"


def test_aliases_are_followed_in_whatever_order_they_stand():
    records = [
        record(name("c.lan"), 1, ADDRESS),
        record(name("b.lan"), 5, name("c.lan")),
        record(POINTER, 5, name("b.lan")),
    ]
    assert dns.address(answer(records), asked()) == "198.51.100.7"
    records.reverse()
    assert dns.address(answer(records), asked()) == "198.51.100.7"


def test_aliases_that_lead_nowhere_or_in_a_circle_come_to_an_end():
    assert refusal(answer([record(POINTER, 5, name("b.lan"))])) == "no address for this name"
    circle = [record(POINTER, 5, name("b.lan")), record(name("b.lan"), 5, POINTER)]
    assert refusal(answer(circle)) == "too many aliases"


def test_an_answer_to_another_question_is_not_an_answer():
    good = [record(POINTER, 1, ADDRESS)]
    for data in (
        answer(good, number=0x1235),
        answer(good, question=asked(host="other.lan")[HEAD:]),
        answer(good, question=asked()[HEAD:-3] + b"\x1c\x00\x01"),
        answer(good, flags=0x0100),
        answer(good, flags=0x8980),
        asked(),
        b"",
        bytes(600),
    ):
        assert dns.address(data, asked()) == "", data


def test_a_server_that_says_no_is_told_by_its_reason():
    assert refusal(answer([], flags=0x8183)) == "no such name"
    assert refusal(answer([], flags=0x8182)) == "name server error 2"
    assert refusal(answer([record(POINTER, 1, ADDRESS)], flags=0x8380)) == "an answer too long"
    many = bytearray(answer([record(POINTER, 1, ADDRESS)]))
    many[7] = 33
    assert refusal(bytes(many)) == "an answer too long"


def test_pointers_that_lead_forward_or_to_themselves_are_refused():
    at = len(answer([]))
    for target in (at, at + 2, 0x3FFF):
        owner = struct.pack(">H", 0xC000 | target)
        assert refusal(answer([record(owner, 1, ADDRESS)])) == "a broken answer"


def test_an_answer_that_is_cut_anywhere_is_never_believed():
    whole = answer([record(POINTER, 5, name("b.lan")), record(name("b.lan"), 1, ADDRESS)])
    for end in range(len(whole)):
        try:
            found = dns.address(whole[:end], asked())
        except dns.DnsError:
            found = ""
        assert found == "", end


def test_no_change_of_one_byte_brings_anything_but_an_address_or_a_refusal():
    whole = answer([record(POINTER, 5, b"\x02gw" + POINTER), record(name("gw." + HOST), 1, ADDRESS)])
    for at in range(len(whole)):
        for change in (0x01, 0x40, 0x80, 0xFF):
            data = bytearray(whole)
            data[at] ^= change
            try:
                found = dns.address(bytes(data), asked())
            except dns.DnsError:
                continue
            assert found == "" or dns.is_address(found), (at, change)

"""No bytes that nobody sent are taken, and none of any kind make a decoder raise. Millions: benchmarks/hostile_frames.py."""

from __future__ import annotations

import random
import struct
from binascii import crc32
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davy.codec import Decoded, check_seal, decode_frame, encode_frame
from davy.monitor import peers
from protocol import messages, seal
from protocol.frame import BAD_SEAL, BUSY, CRC_BYTES, GOOD, HEADER_BYTES, MAX_FRAME_BYTES, NO_SEAL, OLD, REASONS
from support import fuzz_target, hostile_judge
from support.hostile_frames import KINDS, Originals, random_frame
from support.hostile_judge import Counts, Judge
from support.hostile_store import StoreJudge
from support.two_decoders import TwoAnswers, same_verdict

SEED = 5
PACKETS = 20_000
SOURCE = bytes(range(8))


def _with_crc(body: bytes) -> bytes:
    return body + crc32(body).to_bytes(CRC_BYTES, "big")


def _judged(count: int = PACKETS) -> Counts:
    return Judge(SEED, 0).run(count)


def test_no_hostile_packet_is_taken_and_none_makes_a_decoder_raise() -> None:
    counts = _judged()
    assert (counts.wrong, counts.two_answers, counts.crashes) == (0, 0, 0), counts.failures
    assert counts.made == PACKETS
    assert set(counts.kinds) == set(KINDS)
    # Each reason that bytes alone can give was met.
    assert set(counts.reasons) == set(REASONS) - {REASONS[GOOD], REASONS[OLD], REASONS[BUSY]}
    assert counts.as_they_were > 500


def test_the_same_seed_makes_the_same_packets() -> None:
    assert _judged(500) == _judged(500) != Judge(SEED, 1).run(500)


def test_hostile_packets_leave_the_database_with_each_event_once_and_nothing_else(tmp_path: Path) -> None:
    counts, failures = StoreJudge(SEED, 0, tmp_path).run(3_000)
    assert not failures
    assert all(counts[name] > 200 for name in ("stored", "stored before", "refused")), counts


def test_a_decoder_that_skips_the_crc_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile_judge, "decode_frame", lambda data: decode_frame(_with_crc(data[:-CRC_BYTES])))
    assert _judged(2_000).wrong > 0


def test_a_decoder_that_raises_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile_judge, "decode_frame", lambda data: struct.unpack_from(">I", data, 60))
    assert _judged(2_000).crashes > 0


@pytest.mark.parametrize("believed", [NO_SEAL, BAD_SEAL])
def test_a_receiver_that_believes_a_frame_without_its_seal_is_seen(
    monkeypatch: pytest.MonkeyPatch, believed: int
) -> None:
    check = check_seal

    def gullible(key: bytes, frame: bytes, mark: bytes) -> int:
        reason = check(key, frame, mark)
        return GOOD if reason == believed else reason

    monkeypatch.setattr(hostile_judge, "check_seal", gullible)
    assert _judged(2_000).wrong > 0


def test_a_seal_of_which_the_board_looks_at_all_bytes_but_the_last_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    check = seal.check

    def careless(key: bytes, frame: bytes, mark: bytes) -> int:
        return check(key, frame, mark[:-1] + seal.hmac_sha256(key, frame)[len(mark) - 1 : len(mark)])

    monkeypatch.setattr(seal, "check", careless)
    assert _judged(4_000).two_answers > 0


def test_a_monitor_that_asks_for_no_seal_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "check_seal", lambda *_: GOOD)
    _, failures = StoreJudge(SEED, 0, tmp_path).run(500)
    assert failures


def test_both_decoders_give_one_answer_to_the_fuzzers_corpus_and_what_is_near_it() -> None:
    seed = 7
    dice = random.Random(seed)
    for data in fuzz_target.corpus():
        for _ in range(8):
            changed = bytearray(data)
            for _ in range(dice.randrange(3)):
                if changed:
                    changed[dice.randrange(len(changed))] = dice.choice((0, 0xFF, dice.getrandbits(8)))
            fuzz_target.take(bytes(changed[: dice.randrange(len(changed) + 1)] if dice.random() < 0.2 else changed))


def test_no_message_has_two_encodings_that_are_taken() -> None:
    # Every value of every byte of a payload, its CRC right: what is taken means something else each time.
    dice = Random(SEED)
    for message_type in messages.FIELDS:
        body = bytearray(random_frame(message_type, SOURCE, dice)[:-CRC_BYTES])
        meanings: dict[Decoded, bytes] = {}
        for at in range(HEADER_BYTES, len(body)):
            right = body[at]
            for value in range(256):
                body[at] = value
                data = _with_crc(bytes(body))
                found = decode_frame(data)
                if isinstance(found, Decoded):
                    assert meanings.setdefault(found, data) == data
                    assert encode_frame(*found) == data
            body[at] = right
        assert len(meanings) > 256, messages.NAMES[message_type]


_EDITS = st.lists(st.tuples(st.integers(0, MAX_FRAME_BYTES), st.integers(0, 255)), max_size=6)


@given(
    st.sampled_from(sorted(messages.FIELDS)),
    st.randoms(use_true_random=False),
    _EDITS,
    st.integers(-3, 3),
    st.booleans(),
)
def test_whatever_is_taken_is_given_back_byte_for_byte_by_both_codecs(
    message_type: int, dice: Random, edits: list[tuple[int, int]], longer: int, length_right: bool
) -> None:
    body = bytearray(random_frame(message_type, SOURCE, dice)[:-CRC_BYTES])
    for at, value in edits:
        body[at % len(body)] = value
    body = body[:longer] if longer < 0 else body + bytes(longer)
    if length_right:
        struct.pack_into(">H", body, HEADER_BYTES - 2, len(body) - HEADER_BYTES)
    same_verdict(_with_crc(bytes(body)))


@given(st.binary(max_size=MAX_FRAME_BYTES + 20))
def test_any_bytes_get_one_answer(data: bytes) -> None:
    fuzz_target.take(data)


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(0, 400))
def test_a_line_means_the_same_wherever_its_bytes_are_cut(pieces: list[bytes], cut: int) -> None:
    fuzz_target.line(b"\x00".join(pieces), cut)


def test_two_decoders_that_differ_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = Originals(Random(SEED)).frames[0]
    same_verdict(frame)
    monkeypatch.setitem(messages.FIELDS, messages.HELLO, messages.FIELDS[messages.HELLO][:-1])
    with pytest.raises(TwoAnswers):
        same_verdict(frame)

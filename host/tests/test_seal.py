"""The seal of a frame: the board's own HMAC against Python's and RFC 4231's, the same packets on every interpreter."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davy.codec import check_seal, decode_frame, seal_frame, seal_key, split_seal
from davy.paths import FIRMWARE, ROOT
from protocol import frame, seal
from support import interpreters
from support.two_decoders import same_seal

VECTORS: dict[str, list[dict[str, Any]]] = json.loads((FIRMWARE / "protocol" / "vectors.json").read_text())

#: RFC 4231, section 4: test cases 1 to 4, 6 and 7 (5 cuts its output): key, message, HMAC-SHA-256.
RFC_4231 = (
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. "
        b"The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
)
BLOCK_BYTES = 64


def _answers() -> list[dict[str, str]]:
    """RFC 4231's, and Python's own for lengths about a block's. A key above a block is hashed first, as RFC 2104 has it."""
    known = [(key if len(key) <= BLOCK_BYTES else hashlib.sha256(key).digest(), m, mac) for key, m, mac in RFC_4231]
    for size in (0, 31, 32, 64):
        for length in (0, 55, 56, 64, 289):
            key, message = bytes(at * 7 % 256 for at in range(size)), bytes(at * 5 % 256 for at in range(length))
            known.append((key, message, hmac.new(key, message, hashlib.sha256).hexdigest()))
    return [{"key": key.hex(), "message": message.hex(), "mac": mac} for key, message, mac in known]


@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_the_boards_seal_passes_the_golden_vectors_on(interpreter: str, tmp_path: Path) -> None:
    named = {"SEALED": VECTORS["sealed"], "BAD_SEAL": VECTORS["bad_seal"], "HMAC": _answers()}
    (tmp_path / "vectors.py").write_text("".join(f"{name} = {value!r}\n" for name, value in named.items()))
    only = tmp_path / "only"
    only.mkdir()
    (only / "protocol").symlink_to(FIRMWARE / "protocol")
    portable = ROOT / "host" / "tests" / "portable"
    assert len(interpreters.run_portable(interpreter, "seal_cases", [only, portable, tmp_path])) == 8


@pytest.mark.parametrize(("key", "message", "mac"), RFC_4231, ids=lambda part: f"{len(part)}")
def test_pythons_hmac_gives_the_same_known_answers(key: bytes, message: bytes, mac: str) -> None:
    assert hmac.new(key, message, hashlib.sha256).hexdigest() == mac


def test_the_host_seals_and_believes_the_golden_packets() -> None:
    for vector in VECTORS["sealed"]:
        key, bare, packet = (bytes.fromhex(vector[name]) for name in ("key", "frame", "packet"))
        assert seal_key(bytes.fromhex(vector["secret"])) == key
        assert seal_frame(key, bare) == packet
        assert split_seal(packet) == (bare, packet[-seal.SEAL_BYTES :])
        assert same_seal(key, packet) == frame.GOOD


@pytest.mark.parametrize("vector", VECTORS["bad_seal"], ids=lambda vector: vector["text"])
def test_the_host_refuses_a_bad_seal_for_the_same_reason(vector: dict[str, Any]) -> None:
    assert same_seal(bytes.fromhex(vector["key"]), bytes.fromhex(vector["packet"])) == vector["reason"]


def test_golden_packets_show_every_type_and_every_reason_of_a_seal() -> None:
    shown = {bytes.fromhex(vector["frame"])[2] for vector in VECTORS["sealed"]}
    assert shown == {vector["type"] for vector in VECTORS["good"]}
    assert {vector["reason"] for vector in VECTORS["bad_seal"]} == {frame.NO_SEAL, frame.BAD_SEAL}


def test_a_packet_is_no_frame_before_its_seal_is_split_off() -> None:
    for vector in VECTORS["sealed"]:
        found = decode_frame(bytes.fromhex(vector["packet"]))
        assert found[0] in (frame.BAD_CRC, frame.TOO_LONG)


@given(st.integers(0, 2**32), st.data())
def test_no_bit_of_a_packet_can_change_unseen(number: int, data: st.DataObject) -> None:
    vector = VECTORS["sealed"][number % len(VECTORS["sealed"])]
    changed = bytearray.fromhex(vector["packet"])
    at = data.draw(st.integers(0, len(changed) * 8 - 1))
    changed[at >> 3] ^= 1 << (at & 7)
    assert same_seal(bytes.fromhex(vector["key"]), bytes(changed)) != frame.GOOD


@given(st.binary(max_size=64), st.binary(max_size=320))
def test_both_sides_seal_any_bytes_alike(secret: bytes, data: bytes) -> None:
    key = seal_key(secret)
    assert seal.key_of(secret) == key
    assert seal.seal(key, data) == seal_frame(key, data)
    assert check_seal(key, data, seal_frame(key, data)[len(data) :]) == frame.GOOD


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=400))
def test_no_bytes_make_a_split_or_a_check_raise(key: bytes, data: bytes) -> None:
    bare, mark = split_seal(data)
    assert bare + mark == data
    assert len(mark) in (0, seal.SEAL_BYTES)
    # 2**-128 is the chance of a right one.
    assert same_seal(key, data) == (frame.BAD_SEAL if mark else frame.NO_SEAL)

"""The wire protocol: one definition, two codecs, three interpreters, and no wrong frame accepted."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import crcmod.predefined
import pytest
from hypothesis import given
from hypothesis import strategies as st

from davy.codec import (
    Ack,
    Challenge,
    Command,
    Decoded,
    Event,
    Hello,
    Proof,
    Readings,
    Rejected,
    SerialReader,
    State,
    decode_frame,
    describe,
    encode_frame,
    encode_serial,
)
from davy.codec.layout import BY_CLASS
from davy.paths import FIRMWARE, ROOT
from protocol import codec, frame, messages
from safety import codes
from support import interpreters

VECTORS: dict[str, list[dict[str, Any]]] = json.loads((FIRMWARE / "protocol" / "vectors.json").read_text())
SOURCE = bytes(range(8))


@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_firmware_code_passes_the_golden_vectors_on(interpreter: str, tmp_path: Path) -> None:
    constants = (
        f"GOOD = {VECTORS['good']!r}\nBAD = {VECTORS['bad']!r}\nSCHEMA_CHECKSUM = {messages.schema_checksum()}\n"
    )
    (tmp_path / "vectors.py").write_text(constants)
    only = tmp_path / "only"
    (only / "protocol").parent.mkdir()
    (only / "protocol").symlink_to(FIRMWARE / "protocol")
    portable = ROOT / "host" / "tests" / "portable"
    passed = interpreters.run_portable(interpreter, "protocol_cases", [only, portable, tmp_path])
    assert len(passed) == 8


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda vector: f"{vector['type']}-{vector['seq']}")
def test_the_host_codec_reads_and_writes_the_golden_vectors(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["frame"])
    found = decode_frame(data)
    assert isinstance(found, Decoded)
    fields = {name: v.hex() if isinstance(v, bytes) else v for name, v in found.message._asdict().items()}
    assert fields == vector["fields"]
    assert encode_frame(found.source, found.session, found.seq, found.uptime_ms, found.message) == data
    assert describe(found)


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda vector: f"{vector['text']}-{len(vector['frame'])}")
def test_the_host_codec_refuses_bad_vectors_for_the_same_reason(vector: dict[str, Any]) -> None:
    found = decode_frame(bytes.fromhex(vector["frame"]))
    assert isinstance(found, Rejected)
    assert found.reason == vector["reason"]


def test_every_reason_but_broken_cobs_has_a_bad_vector() -> None:
    # From NO_SEAL on a reason is one of a whole frame.
    shown = {vector["reason"] for vector in VECTORS["bad"]}
    assert shown == set(range(1, frame.NO_SEAL)) - {frame.BAD_COBS}


def test_generated_files_are_fresh() -> None:
    tool = ROOT / "tools" / "generate_protocol.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _messages(message_type: int) -> st.SearchStrategy[Any]:
    fields: dict[str, st.SearchStrategy[Any]] = {}
    readings = [name for _, names in messages.READINGS.get(message_type, ()) for name in names]
    for name, kind, _unit, low, high, _invalid, _since, _enum in messages.FIELDS[message_type]:
        if kind == "text":
            fields[name] = st.text(max_size=16)
        elif kind in messages.BYTES:
            fields[name] = st.binary(min_size=low, max_size=high)
        else:
            fields[name] = st.integers(low, high)
    message_class = next(cls for cls, layout in BY_CLASS.items() if layout.message_type == message_type)

    def consistent(values: dict[str, Any]) -> Any:
        for status, names in messages.READINGS.get(message_type, ()):
            if values[status] != 0:
                values.update(dict.fromkeys(names))
        return message_class(**values)

    assert set(readings) <= set(fields)
    return st.fixed_dictionaries(fields).map(consistent)


@given(
    st.sampled_from(sorted(messages.FIELDS)).flatmap(_messages),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
)
def test_both_codecs_write_the_same_bytes_and_read_them_back(message: Any, session: int, seq: int, uptime: int) -> None:
    data = encode_frame(SOURCE, session, seq, uptime, message)
    assert decode_frame(data) == Decoded(SOURCE, session, seq, uptime, message)
    message_type = BY_CLASS[type(message)].message_type
    board = frame.encode(message_type, SOURCE, session, seq, uptime, codec.encode(message_type, message._asdict()))
    assert board == data
    assert SerialReader().feed(encode_serial(data)) == [Decoded(SOURCE, session, seq, uptime, message)]


def test_the_session_of_a_command_is_not_that_of_its_frame() -> None:
    command = Command(bytes(8), 7, 1, 1, 0, 0)
    data = encode_frame(SOURCE, 3, 1, 1, command)
    assert decode_frame(data) == Decoded(SOURCE, 3, 1, 1, command)


def test_crcmod_and_binascii_agree() -> None:
    import binascii

    crc = crcmod.predefined.mkCrcFun("crc-32")
    assert crc(b"123456789") == binascii.crc32(b"123456789") == 0xCBF43926


def _corruptions(data: bytes) -> list[bytes]:
    flips = [bytes([*data[:at], data[at] ^ 1 << bit, *data[at + 1 :]]) for at in range(len(data)) for bit in range(8)]
    return flips + [data[:end] for end in range(len(data))]


def test_no_single_bit_error_and_no_truncation_is_accepted_bare_or_under_cobs() -> None:
    tried = accepted = 0
    for vector in VECTORS["good"]:
        data = bytes.fromhex(vector["frame"])
        for bad in _corruptions(data):
            tried += 1
            accepted += isinstance(decode_frame(bad), Decoded)
        line = encode_serial(data)
        for bad in _corruptions(line):
            tried += 1
            results = SerialReader().feed(bad + b"\x00")
            # A flipped delimiter or overhead byte may leave the very frame whole: that is not a wrong one.
            accepted += any(isinstance(r, Decoded) and r != decode_frame(data) for r in results)
    print(f"{tried} corrupted frames, {accepted} accepted")
    assert tried > 20_000
    assert accepted == 0


def test_random_and_spliced_frames_are_refused_and_a_reader_stays_bounded() -> None:
    seed = 7
    dice = random.Random(seed)
    frames = [bytes.fromhex(vector["frame"]) for vector in VECTORS["good"]]
    reader = SerialReader()
    for _ in range(20_000):
        one, two = dice.choice(frames), dice.choice(frames)
        spliced = one[: dice.randrange(len(one))] + two[dice.randrange(len(two)) :]
        if spliced in frames:
            continue
        assert isinstance(decode_frame(spliced), Rejected), f"seed {seed}: {spliced.hex()}"
    for _ in range(1_000):
        for result in reader.feed(dice.randbytes(2_000)):
            assert isinstance(result, Rejected), f"seed {seed}"
    assert sum(reader.rejected.values()) > 1_000
    assert len(reader._deframer._held) <= 400


def test_a_reading_that_contradicts_its_status_is_refused_both_ways() -> None:
    good = State(2, 0, 5, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1_825, 0, 10, None, None, 0, 0, 0)
    for bad in (good._replace(methane_status=3), good._replace(methane_ppm=None), good._replace(co_status=2)):
        with pytest.raises(ValueError, match="contradicts"):
            encode_frame(SOURCE, 1, 1, 1, bad)


_HELLO = Hello(0, 1, 0, 1, 0, 1, 1, bytes(8), bytes(16), 0, 0, None, 0, None, "x")
_READINGS = Readings(0, 472_000, 1_000, 20_000, 10, None, None, None, None, 0, 2_000, 650, None)
_STATE = State(2, 0, 5, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1_825, 0, 0, 2_000, 650, 0, 0, 0)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (_HELLO._replace(tier=3), "HELLO.tier"),
        (_HELLO._replace(identifier="x" * 65), "HELLO.identifier"),
        (_HELLO._replace(image_hash=bytes(9)), "HELLO.image_hash"),
        (_HELLO._replace(board=bytes(15)), "HELLO.board"),
        (_HELLO._replace(product=2), "HELLO.product"),
        (_HELLO._replace(calibration_days=0xFFFF), "HELLO.calibration_days"),
        (_STATE._replace(temperature_cdegc=-4_001), "STATE.temperature_cdegc"),
        (_STATE._replace(temperature_cdegc=-32_768), "STATE.temperature_cdegc"),
        (_STATE._replace(test_failed=512), "STATE.test_failed"),
        (Event(0, 0, 0, 0, 0, 0, None, None), "EVENT.kind"),
        (Event(19, 0, 0, 0, 0, 0, None, None), "EVENT.kind"),
        (Event(1, 0, 0, 0, 0, 0, 0xFFFFFFFF, None), "EVENT.time_s"),
        (Command(bytes(8), 1, 0xFFFFFFFF, 1, 0, 0), "COMMAND.command_id"),
        (Command(bytes(8), 1, 1, 7, 0, 0), "COMMAND.command"),
        (Ack(bytes(8), 1, 1, 3), "ACK.result"),
        (Ack(bytes(7), 1, 1, 0), "ACK.acked_source"),
        (Challenge(bytes(8), bytes(8)), "CHALLENGE.nonce"),
        (Proof(bytes(16), bytes(33), bytes(8)), "PROOF.proof"),
        (_READINGS._replace(methane_r0_ohm=0), "READINGS.methane_r0_ohm"),
        (_READINGS._replace(methane_uv=10_000_001), "READINGS.methane_uv"),
        (_READINGS._replace(temperature_cdegc=-4_001), "READINGS.temperature_cdegc"),
        (_READINGS._replace(temperature_cdegc=12_501), "READINGS.temperature_cdegc"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_field(message: Any, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        encode_frame(SOURCE, 1, 1, 1, message)


def test_safety_core_and_protocol_speak_the_same_numbers() -> None:
    names = vars(codes)
    statuses = [
        "OK",
        "WARMING",
        "OPEN",
        "SHORT",
        "SATURATED",
        "STUCK",
        "JUMP",
        "HEATER",
        "SILENT",
        "UNCALIBRATED",
        "ABSENT",
    ]
    assert [names[name] for name in statuses] == list(range(len(statuses)))
    assert [name.lower() for name in statuses] == list(messages.ENUMS["status"])
    for prefix, table in (("VALVE_", "valve"), ("RUN_", "run_state"), ("EVENT_", "event")):
        for name, value in names.items():
            if name.startswith(prefix):
                assert messages.ENUMS[table][value] == name[len(prefix) :].lower()
    for name, value in names.items():
        if name.startswith("FAULT_"):
            assert messages.FAULT_BITS[value] == name[6:].lower()
    assert [names[name] for name in ("NORMAL", "WARNING", "CRITICAL")] == [0, 1, 2]
    assert [names[name] for name in ("NO_GAS", "METHANE", "CO")] == [0, 1, 2]

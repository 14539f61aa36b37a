# The seal of frames, on whatever interpreter this is. `vectors` is laid beside it by the test.
import binascii

from vectors import BAD_SEAL, HMAC, SEALED

from protocol import frame, seal


def test_hmac_sha256_gives_the_known_answers() -> None:
    for vector in HMAC:
        found = seal.hmac_sha256(bytes.fromhex(vector["key"]), bytes.fromhex(vector["message"]))
        assert binascii.hexlify(found).decode() == vector["mac"], vector


def test_a_key_longer_than_a_block_is_refused_and_not_cut() -> None:
    for size in (65, 131):
        try:
            seal.hmac_sha256(bytes(size), b"x")
        except ValueError:
            continue
        raise AssertionError("took a key of %d bytes" % size)


def test_the_key_is_made_of_the_secret() -> None:
    for vector in SEALED:
        assert binascii.hexlify(seal.key_of(bytes.fromhex(vector["secret"]))).decode() == vector["key"]


def test_golden_frames_are_sealed_to_the_same_bytes() -> None:
    for vector in SEALED:
        made = seal.seal(bytes.fromhex(vector["key"]), bytes.fromhex(vector["frame"]))
        assert binascii.hexlify(made).decode() == vector["packet"]


def test_golden_packets_are_split_and_believed() -> None:
    for vector in SEALED:
        bare, mark = seal.split(bytes.fromhex(vector["packet"]))
        assert binascii.hexlify(bare).decode() == vector["frame"]
        assert frame.decode(bare).error == frame.GOOD
        assert seal.check(bytes.fromhex(vector["key"]), bare, mark) == frame.GOOD


def test_bad_seals_are_refused_for_their_reason() -> None:
    for vector in BAD_SEAL:
        bare, mark = seal.split(bytes.fromhex(vector["packet"]))
        reason = seal.check(bytes.fromhex(vector["key"]), bare, mark)
        assert reason == vector["reason"], (vector["text"], frame.REASONS[reason])


def test_no_byte_of_a_packet_can_change_unseen() -> None:
    # One bit of each: the heap of the 32-bit guest is for so many seals.
    vector = SEALED[0]
    key, packet = bytes.fromhex(vector["key"]), bytes.fromhex(vector["packet"])
    for at in range(len(packet)):
        changed = bytearray(packet)
        changed[at] ^= 1 << (at & 7)
        bare, mark = seal.split(bytes(changed))
        assert seal.check(key, bare, mark) != frame.GOOD, at


def test_every_length_of_a_packet_is_split_and_only_the_whole_has_a_seal() -> None:
    packet = bytes.fromhex(SEALED[0]["packet"])
    for size in range(len(packet) + 3):
        data = (packet + b"\x00\x00")[:size]
        bare, mark = seal.split(data)
        assert bare + mark == data
        assert len(mark) == (seal.SEAL_BYTES if size == len(packet) else 0)

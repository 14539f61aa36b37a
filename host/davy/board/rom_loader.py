"""The boot loader in a chip's ROM, and the flasher stub that programs load over it, as far as flashing needs them.

Requests and answers are SLIP packets. A request is 0, command, length, checksum, payload; an answer is 1, command, length,
value, payload and status. The stub's code is taken and not run: this class answers in its place, as it would.
Source: Espressif's description of the serial protocol.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from davy.board.chip_registers import ChipKind, Registers
from davy.board.flash_chip import FlashChip
from davy.image.partitions import BLOCK_BYTES

_END, _ESC = 0xC0, 0xDB
_CHECKSUM_SEED = 0xEF
_SYNC = b"\x07\x07\x12\x20" + b"\x55" * 32
_SYNC_VALUE = 0x20120707
_BAD_CHECKSUM, _BAD_MESSAGE, _FAILED, _INFLATE = 0x07, 0x05, 0x06, 0x0B
_MOST_PACKET_BYTES = 0x8000


@dataclass(frozen=True)
class SetBaud:
    """After its answer has left, the chip listens at this rate."""

    baud: int


@dataclass(frozen=True)
class Restart:
    """The loader ends and the chip starts anew."""


Effect = SetBaud | Restart


class _Refused(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


def slip(packet: bytes) -> bytes:
    """A packet with its delimiters."""
    return b"\xc0" + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


class SlipReader:
    """Cuts a stream into packets; what stands outside of delimiters is noise."""

    def __init__(self) -> None:
        self._packet: bytearray | None = None
        self._escaped = False

    def feed(self, data: bytes) -> list[bytes]:
        """Every packet that is complete now."""
        found = []
        for byte in data:
            if byte == _END:
                if self._packet:
                    found.append(bytes(self._packet))
                    self._packet = None
                else:
                    self._packet = bytearray()
                self._escaped = False
            elif self._packet is not None:
                if self._escaped:
                    self._packet.append({0xDC: _END, 0xDD: _ESC}.get(byte, byte))
                    self._escaped = False
                elif byte == _ESC:
                    self._escaped = True
                else:
                    self._packet.append(byte)
                if len(self._packet) > _MOST_PACKET_BYTES:
                    self._packet = None
        return found


class RomLoader:
    """One stay in download mode. `feed` gives (bytes to answer, effects after they have left).

    Raises PowerLost when the flash's hook takes the power away.
    """

    def __init__(self, kind: ChipKind, mac: bytes, flash: FlashChip) -> None:
        self.registers = Registers(kind, mac)
        self.stub = False
        self._flash = flash
        self._slip = SlipReader()
        self._write_at = 0
        self._write_left = 0
        self._inflate: zlib._Decompress | None = None
        self._erased_to = 0
        self._reading: _Reading | None = None
        self._effects: list[Effect] = []
        self._plain: dict[int, Callable[[bytes], bytes]] = {
            0x02: self._flash_begin, 0x03: self._flash_data, 0x04: self._flash_end, 0x05: self._nothing,
            0x07: self._mem_data, 0x08: self._nothing, 0x09: self._write_reg, 0x0B: self._nothing, 0x0D: self._nothing,
            0x0E: self._read_slow, 0x10: self._deflate_begin, 0x11: self._deflate_data, 0x12: self._flash_end,
            0x13: self._md5,
        }  # fmt: skip
        self._of_stub: dict[int, Callable[[bytes], bytes]] = {
            0xD0: self._erase_all, 0xD1: self._erase_region, 0xD3: self._run_user_code,
        }  # fmt: skip

    def feed(self, data: bytes) -> tuple[bytes, list[Effect]]:
        """Take bytes of the line."""
        out = bytearray()
        for packet in self._slip.feed(data):
            out += self._packet(packet)
        effects, self._effects = self._effects, []
        return bytes(out), effects

    def _packet(self, packet: bytes) -> bytes:
        if self._reading is not None and len(packet) == 4:
            return self._more(struct.unpack("<I", packet)[0])
        if len(packet) < 8 or packet[0] != 0:
            return b""
        command, length, checksum = struct.unpack_from("<BHI", packet, 1)
        payload = packet[8 : 8 + length]
        if len(payload) < length:
            return self._answer(command, 0, b"", _BAD_MESSAGE)
        if command == 0x08:
            # The ROM answers eight times; a program counts on it.
            return self._answer(command, 0 if self.stub else _SYNC_VALUE) * 8 if payload == _SYNC else b""
        if command in (0x03, 0x07, 0x11) and not self._sound(payload, checksum):
            return self._answer(command, 0, b"", _BAD_CHECKSUM)
        try:
            return self._do(command, payload)
        except _Refused as refused:
            return self._answer(command, 0, b"", refused.code)
        except (ValueError, struct.error):
            return self._answer(command, 0, b"", _FAILED)

    def _do(self, command: int, payload: bytes) -> bytes:
        if command == 0x0A:
            return self._answer(command, self.registers.read(struct.unpack("<I", payload)[0]))
        if command == 0x0F:
            return self._change_baud(command, payload)
        if command == 0x06:
            return self._mem_end(command, payload)
        if command == 0x14 and self.registers.kind.security_id is not None:
            return self._answer(command, 0, bytes(12) + struct.pack("<II", self.registers.kind.security_id, 0))
        if command == 0xD2 and self.stub:
            return self._read_begin(command, payload)
        handler = self._plain.get(command) or (self._of_stub.get(command) if self.stub else None)
        if handler is None:
            raise _Refused(_BAD_MESSAGE)
        return self._answer(command, 0, handler(payload))

    def _answer(self, command: int, value: int, payload: bytes = b"", error: int = 0) -> bytes:
        status = bytes((1 if error else 0, error)) + (b"" if self.stub else b"\0\0")
        body = payload + status
        return slip(struct.pack("<BBHI", 1, command, len(body), value) + body)

    @staticmethod
    def _sound(payload: bytes, checksum: int) -> bool:
        found = _CHECKSUM_SEED
        for byte in payload[16:]:
            found ^= byte
        return found == checksum & 0xFF

    def _nothing(self, payload: bytes) -> bytes:
        return b""

    def _mem_data(self, payload: bytes) -> bytes:
        if struct.unpack_from("<I", payload)[0] != len(payload) - 16:
            raise _Refused(_BAD_MESSAGE)
        return b""

    def _mem_end(self, command: int, payload: bytes) -> bytes:
        stay, _entry = struct.unpack("<II", payload)
        answer = self._answer(command, 0)
        if not stay:
            self.stub = True
            answer += slip(b"OHAI")
        return answer

    def _change_baud(self, command: int, payload: bytes) -> bytes:
        baud = struct.unpack_from("<I", payload)[0]
        if not 300 <= baud <= 5_000_000:
            raise _Refused(_FAILED)
        self._effects.append(SetBaud(baud))
        return self._answer(command, 0)

    def _write_reg(self, payload: bytes) -> bytes:
        for at in range(0, len(payload) - 15, 16):
            address, value, mask, _delay_us = struct.unpack_from("<IIII", payload, at)
            self.registers.write(address, value, mask)
        return b""

    # Flash

    def _begin(self, size: int, offset: int) -> None:
        self._write_at = offset
        self._write_left = size
        self._erased_to = offset
        if not self.stub and size:
            self._flash.erase(offset, size)  # the stub erases as it writes
            self._erased_to = _sector_end(offset + size)

    def _flash_begin(self, payload: bytes) -> bytes:
        size, blocks, block_bytes, offset = struct.unpack_from("<IIII", payload)
        self._inflate = None
        self._begin(size, offset)
        self._write_left = max(size, blocks * block_bytes)
        return b""

    def _deflate_begin(self, payload: bytes) -> bytes:
        size, _blocks, _block_bytes, offset = struct.unpack_from("<IIII", payload)
        self._inflate = zlib.decompressobj()
        self._begin(size, offset)
        return b""

    def _flash_data(self, payload: bytes) -> bytes:
        length = struct.unpack_from("<I", payload)[0]
        self._write(payload[16 : 16 + length])
        return b""

    def _deflate_data(self, payload: bytes) -> bytes:
        if self._inflate is None:
            raise _Refused(_FAILED)
        length = struct.unpack_from("<I", payload)[0]
        try:
            self._write(self._inflate.decompress(payload[16 : 16 + length]))
        except zlib.error:
            raise _Refused(_INFLATE) from None
        return b""

    def _write(self, data: bytes) -> None:
        data = data[: self._write_left]
        end = self._write_at + len(data)
        if end > self._erased_to:
            self._flash.erase(self._erased_to, end - self._erased_to)
            self._erased_to = _sector_end(end)
        self._flash.program(self._write_at, data)
        self._write_at = end
        self._write_left -= len(data)

    def _flash_end(self, payload: bytes) -> bytes:
        stay = struct.unpack_from("<I", payload)[0]
        if not stay:
            self._effects.append(Restart())
        return b""

    def _md5(self, payload: bytes) -> bytes:
        offset, length = struct.unpack_from("<II", payload)
        digest = self._flash.md5(offset, length)
        return digest if self.stub else digest.hex().encode()

    def _read_slow(self, payload: bytes) -> bytes:
        offset, length = struct.unpack("<II", payload)
        return self._flash.read(offset, min(length, 64)).ljust(64, b"\0")

    def _erase_all(self, payload: bytes) -> bytes:
        self._flash.erase(0, len(self._flash.read(0, 1 << 30)))
        return b""

    def _erase_region(self, payload: bytes) -> bytes:
        offset, length = struct.unpack("<II", payload)
        self._flash.erase(offset, length)
        return b""

    def _run_user_code(self, payload: bytes) -> bytes:
        self._effects.append(Restart())
        return b""

    def _read_begin(self, command: int, payload: bytes) -> bytes:
        offset, length, packet_bytes, in_flight = struct.unpack("<IIII", payload)
        data = self._flash.read(offset, length)
        if len(data) < length or not packet_bytes:
            raise _Refused(_FAILED)
        self._reading = _Reading(data, packet_bytes, in_flight * packet_bytes, self._flash.md5(offset, length))
        return self._answer(command, 0) + self._more(0)

    def _more(self, acknowledged: int) -> bytes:
        reading = self._reading
        assert reading is not None
        out = reading.send(acknowledged)
        if acknowledged >= len(reading.data):
            self._reading = None
            out += slip(reading.digest)
        return out


def _sector_end(offset: int) -> int:
    return -(-offset // BLOCK_BYTES) * BLOCK_BYTES


@dataclass
class _Reading:
    """A read-out under way: packets are sent as long as no more than `window` bytes are unacknowledged."""

    data: bytes
    packet_bytes: int
    window: int
    digest: bytes
    sent: int = 0

    def send(self, acknowledged: int) -> bytes:
        out = b""
        while self.sent < len(self.data) and self.sent - acknowledged < self.window:
            out += slip(self.data[self.sent : self.sent + self.packet_bytes])
            self.sent = min(self.sent + self.packet_bytes, len(self.data))
        return out

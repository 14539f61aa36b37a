"""A MCP4728 on an I2C bus, byte by byte: four DAC channels of 12 bits with an EEPROM behind them.

Source: Microchip DS22187E, section 5.6 (commands) and figures 5-7 to 5-15. The LDAC pin is high: an output follows its register
only when a command says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

ADDRESS = 0x60
GENERAL_CALL = 0x00
CHANNELS = 4
REFERENCE_UV = 2_048_000
STEPS = 4_096
#: Of an EEPROM write, typical.
EEPROM_MS = 25.0

_READY, _POWERED = 0x80, 0x40
_RESET, _WAKE_UP, _UPDATE = 0x06, 0x09, 0x08


@dataclass(frozen=True)
class Channel:
    """One channel's register. `power_down` 0 is normal, 1..3 the output let go with 1, 100 or 500 kohm to ground."""

    internal: bool = True
    power_down: int = 0
    doubled: bool = False
    code: int = 0

    @classmethod
    def from_bytes(cls, high: int, low: int) -> Channel:
        """From VREF PD1 PD0 Gx D11..D8 and D7..D0."""
        return cls(bool(high & 0x80), high >> 5 & 3, bool(high & 0x10), (high & 0x0F) << 8 | low)

    def to_bytes(self) -> bytes:
        high = self.internal << 7 | self.power_down << 5 | self.doubled << 4 | self.code >> 8
        return bytes((high, self.code & 0xFF))

    def output_uv(self, supply_uv: int, reference_uv: int = REFERENCE_UV) -> int | None:
        """Microvolts at the pin, no more than the supply; None when it is let go."""
        if self.power_down:
            return None
        if not self.internal:
            return supply_uv * self.code // STEPS
        return min(supply_uv, reference_uv * (2 if self.doubled else 1) * self.code // STEPS)


class Mcp4728:
    """One part. `on_output` hears (channel 0..3, microvolts or None) of each output that changed."""

    def __init__(self, on_output: Callable[[int, int | None], None], *, supply_uv: int = 3_300_000) -> None:
        self.silent = False  # it does not answer at all
        self.reference_uv = REFERENCE_UV  # of this very part
        self._on_output = on_output
        self._supply_uv = supply_uv
        #: As it leaves the factory: internal reference, gain 1, code 0. Recalled, and written over by whoever uses it.
        self._eeprom = [Channel()] * CHANNELS
        self._busy_until_ms = 0.0
        self._registers = list(self._eeprom)
        self._outputs = list(self._eeprom)

    def output_uv(self, channel: int) -> int | None:
        """What stands at a pin now; None when it is let go."""
        return self._outputs[channel].output_uv(self._supply_uv, self.reference_uv)

    def power_on(self) -> None:
        """The EEPROM's content comes to the outputs."""
        self._busy_until_ms = 0.0
        self._registers = list(self._eeprom)
        self._put_out(range(CHANNELS))

    def write(self, data: bytes, now_ms: float) -> bool:
        """A write to its address; False when it is not acknowledged."""
        if self.silent:
            return False
        if not data:
            return True
        command = data[0] >> 5
        if data[0] >> 6 == 0:
            self._fast_write(data)
        elif command == 0b010:
            return self._write_channels(data, now_ms)
        elif command == 0b100:
            self._each(
                lambda channel, bit: replace(channel, internal=bool(bit)), [data[0] >> 3 - at & 1 for at in range(4)]
            )
        elif command == 0b101 and len(data) >= 2:
            bits = [data[0] >> 2 & 3, data[0] & 3, data[1] >> 6, data[1] >> 4 & 3]
            self._each(lambda channel, bit: replace(channel, power_down=bit), bits)
        elif command == 0b110:
            self._each(
                lambda channel, bit: replace(channel, doubled=bool(bit)), [data[0] >> 3 - at & 1 for at in range(4)]
            )
        else:
            return False  # its address is written with a certain course of LDAC, which is not wired
        return True

    def general_call(self, data: bytes) -> bool:
        """A write to address 0."""
        if self.silent or data[:1] not in (bytes((_RESET,)), bytes((_WAKE_UP,)), bytes((_UPDATE,))):
            return False
        if data[0] == _RESET:
            self.power_on()
        elif data[0] == _WAKE_UP:
            self._each(lambda channel, _: replace(channel, power_down=0), [0] * CHANNELS)
        else:
            self._put_out(range(CHANNELS))
        return True

    def read(self, count: int, now_ms: float) -> bytes | None:
        """A read of so many bytes: of each channel its register and its EEPROM, three bytes each, and again from the start."""
        if self.silent:
            return None
        state = (_READY if now_ms >= self._busy_until_ms else 0) | _POWERED
        whole = b"".join(
            bytes((state | at << 4,)) + kept.to_bytes()
            for at in range(CHANNELS)
            for kept in (self._registers[at], self._eeprom[at])
        )
        return (whole * (count // len(whole) + 1))[:count]

    # How it works

    def _fast_write(self, data: bytes) -> None:
        # Power-down and code of channel A, B, ...; the outputs wait for LDAC or an update.
        for at in range(min(len(data) // 2, CHANNELS)):
            high, low = data[2 * at], data[2 * at + 1]
            code = (high & 0x0F) << 8 | low
            self._registers[at] = replace(self._registers[at], power_down=high >> 4 & 3, code=code)

    def _write_channels(self, data: bytes, now_ms: float) -> bool:
        kind = data[0] >> 3 & 3
        if kind == 0b00:  # multi-write: each channel with a command byte of its own
            groups = [(data[at], data[at + 1 : at + 3]) for at in range(0, len(data) - 2, 3)]
            for command, content in groups:
                self._put(command >> 1 & 3, content, update=not command & 1)
            return True
        if kind == 0b01 or now_ms < self._busy_until_ms:
            return kind != 0b01  # while it writes its EEPROM a write to that is ignored
        first = data[0] >> 1 & 3
        last = first if kind == 0b11 else CHANNELS - 1
        for at, channel in enumerate(range(first, last + 1)):
            content = data[1 + 2 * at : 3 + 2 * at]
            if len(content) == 2:
                self._put(channel, content, update=not data[0] & 1)
                self._eeprom[channel] = self._registers[channel]
        self._busy_until_ms = now_ms + EEPROM_MS
        return True

    def _put(self, channel: int, content: bytes, *, update: bool) -> None:
        self._registers[channel] = Channel.from_bytes(*content)
        if update:
            self._put_out([channel])

    def _each(self, change: Callable[[Channel, int], Channel], bits: list[int]) -> None:
        self._registers = [change(channel, bit) for channel, bit in zip(self._registers, bits, strict=True)]
        self._put_out(range(CHANNELS))

    def _put_out(self, channels: range | list[int]) -> None:
        for channel in channels:
            before = self.output_uv(channel)
            self._outputs[channel] = self._registers[channel]
            if self.output_uv(channel) != before:
                self._on_output(channel, self.output_uv(channel))

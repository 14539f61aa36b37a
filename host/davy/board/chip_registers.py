"""What a chip's registers say of it to a flashing program: which chip, its MAC, its crystal, its flash.

Addresses and meanings: the chips' technical reference manuals (eFuse, SPI and UART chapters).
"""

from __future__ import annotations

from dataclasses import dataclass

from davy.board.flash_chip import JEDEC_ID

_MAGIC_ADDRESS = 0x40001000  # a word of the ROM that differs from chip to chip
_SFDP_SIGNATURE = 0x50444653
_USR_COMMAND = 1 << 18
_CRYSTAL_HZ = 40_000_000


@dataclass(frozen=True)
class ChipKind:
    """Register addresses and constants of one kind of chip; `security_id` is None where the ROM has no such command."""

    name: str
    magic: int
    security_id: int | None
    spi_base: int
    spi_usr2: int
    spi_w0: int
    uart_clkdiv: int
    boot_offset: int
    download_boot: int
    flash_boot: int


KINDS = {
    "esp32": ChipKind("ESP32", 0x00F01D83, None, 0x3FF42000, 0x24, 0x80, 0x3FF40014, 0x1000, 0x3, 0x13),
    "esp32s3": ChipKind("ESP32-S3", 0x9, 9, 0x60002000, 0x20, 0x58, 0x60000014, 0x0, 0x0, 0x8),
}
_ESP32_EFUSE = 0x3FF5A000
_ESP32_RTC_CALIBRATION = 0x3FF5F06C
_S3_MAC = 0x60007044


class Registers:
    """Words by address. Writing the SPI command register runs that command on the flash."""

    def __init__(self, kind: ChipKind, mac: bytes) -> None:
        self.kind = kind
        self.baud = 115_200
        self._words: dict[int, int] = {_MAGIC_ADDRESS: kind.magic}
        high, low = int.from_bytes(mac[:2], "big"), int.from_bytes(mac[2:], "big")
        if kind.name == "ESP32":
            self._words[_ESP32_EFUSE + 4] = low
            self._words[_ESP32_EFUSE + 8] = high
            self._words[_ESP32_EFUSE + 0x0C] = 1 << 15 | 1 << 9  # D0WD, revision 1 and up
            self._words[_ESP32_EFUSE + 0x10] = 128  # of the 8 MHz oscillator, for the crystal's calibration
            self._words[_ESP32_EFUSE + 0x14] = 1 << 20
            self._words[_ESP32_RTC_CALIBRATION] = 800 << 7  # 40 MHz
            self._words[0x3FF6607C] = 1 << 31
        else:
            self._words[_S3_MAC] = low
            self._words[_S3_MAC + 4] = high

    def read(self, address: int) -> int:
        """A word; what is not modelled reads as 0."""
        if address == self.kind.uart_clkdiv:
            return _CRYSTAL_HZ // self.baud
        return self._words.get(address, 0)

    def write(self, address: int, value: int, mask: int) -> None:
        """Raises nothing: the ROM writes anywhere."""
        self._words[address] = self._words.get(address, 0) & ~mask | value & mask
        if address == self.kind.spi_base and value & _USR_COMMAND:
            self._words[address] = 0
            self._words[self.kind.spi_base + self.kind.spi_w0] = self._flash_answer()

    def _flash_answer(self) -> int:
        command = self._words.get(self.kind.spi_base + self.kind.spi_usr2, 0) & 0xFF
        return {0x9F: JEDEC_ID, 0x5A: _SFDP_SIGNATURE}.get(command, 0)

"""A chip on its board, seen from its UART0 and its two reset lines: held in reset, in download mode, or running.

When reset ends, IO0 decides: low is the ROM's download mode, high is the program in flash. A flash without a program
shows what a chip shows: an invalid header, again and again.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from davy.board.chip_registers import KINDS
from davy.board.flash_chip import FlashChip, PowerLost
from davy.board.rom_loader import Restart, RomLoader, SetBaud
from davy.board.virtual import VirtualBoard
from davy.image.partitions import TABLE_OFFSET

ROM_BAUD = 115_200
_ROM_DATE = b"ets Jul 29 2019 12:21:46\r\n\r\n"
_EN_RISE_MS = 25
#: On the way from reset to download both lines are asserted for a moment. Over a network it is a long one: a server of these
#: ports bridges it, so that the chip sees what it would see at the computer itself.
_BOTH_MS = 1_500
_AGAIN_MS = 900  # the ROM's own watchdog, after a program that could not be started
_IMAGE_MAGIC = 0xE9
_TABLE_MAGIC = b"\xaa\x50"
_APP_KIND = 0
#: The interrupt character is taken up by the prompt or a wait; a program that does neither is interrupted from outside.
_BREAK_S = 0.3

HELD, DOWNLOAD, RUNNING, UNPOWERED = "held in reset", "download mode", "running", "unpowered"


class Chip:
    """`board` is the program's side, made with on_console; `say` gets what the UART sends, as (bytes, baud)."""

    def __init__(
        self,
        board: VirtualBoard,
        flash: FlashChip,
        mcu: str,
        say: Callable[[bytes, int], None],
        *,
        download: bool = False,
    ) -> None:
        self.board = board
        self.flash = flash
        self.state = UNPOWERED
        self.baud = ROM_BAUD
        self.loader: RomLoader | None = None
        self._kind = KINDS[mcu]
        self._say = say
        self._enable = True
        self._rises = 0
        self._rising = False
        self._boot_button = download
        self._io0_low = download
        board.console.listener = self._program_says

    # What a person or a circuit does

    def power_on(self) -> None:
        """Power: reset ends at once."""
        if self.state is UNPOWERED:
            self.board.plant.set_power(True)
            self.board.powered = True
            self._start()

    def power_off(self) -> None:
        """At any moment of anything."""
        self.board.hold_in_reset()
        self.board.powered = False
        self.board.plant.set_power(False)
        self.loader = None
        self.state = UNPOWERED

    def set_lines(self, *, dtr: bool, rts: bool) -> None:
        """The two lines of a port, asserted or not, through the usual two transistors: each pulls only while the other is off."""
        enable, io0_low = not (rts and not dtr), (dtr and not rts) or self._boot_button
        fell, self._enable = self._enable and not enable, enable
        if self.state is UNPOWERED:
            self._io0_low = io0_low
        elif fell:
            self.board.hold_in_reset()
            self.loader = None
            self.state = HELD
            self._rising = False
        elif enable and self.state is HELD and not self._rising:
            # What the lines say at the release counts, also for a desk that comes to it late.
            self._io0_low = io0_low
            self._rising = not (dtr and rts)
            self._let_rise(_EN_RISE_MS if self._rising else _BOTH_MS)

    def hear(self, data: bytes) -> None:
        """Bytes at the UART."""
        if self.state is RUNNING:
            self.board.console.type(data)
        elif self.loader is not None:
            self._load(data)

    @property
    def stuck(self) -> bool:
        """In download mode, or without a program that could be started."""
        return self.state is not RUNNING or self._boot_problem() is not None

    def look(self) -> None:
        """Called each turn of the loop: a program that never looks up is interrupted as on the chip."""
        since_s, pid = self.board.console.break_waits_s, self.board.pid
        if since_s is not None and pid is not None and time.monotonic() - since_s > _BREAK_S:
            self.board.console.break_waits_s = None
            os.kill(pid, signal.SIGINT)

    def auto_baud(self, baud: int) -> None:
        """The ROM takes the rate of the first thing that it hears."""
        if self.loader is not None and not self.loader.stub:
            self._set_baud(baud)

    def crashed(self) -> None:
        """The program's process ended by itself."""
        self.board.hold_in_reset()
        self._start()

    # How it works

    def _let_rise(self, after_ms: int) -> None:
        # EN rises slowly, over its capacitor; a new change of the lines counts anew.
        self._rises += 1
        mine = self._rises
        self.board.at_while_running(
            self._in_ms(after_ms), lambda: self._start() if mine == self._rises and self._enable else None
        )

    def _in_ms(self, wall_ms: int) -> int:
        # Lines and ROM are in real time, however fast the program's clock runs.
        return self.board.now_ms + round(wall_ms * (self.board.speed or 1.0))

    def _start(self) -> None:
        self._rises += 1
        self._set_baud(ROM_BAUD)
        boot = self._kind.download_boot if self._io0_low else self._kind.flash_boot
        mode = b"DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)" if self._io0_low else b"SPI_FAST_FLASH_BOOT"
        self._say(_ROM_DATE + b"rst:0x1 (POWERON_RESET),boot:0x%x (%s)\r\n" % (boot, mode), self.baud)
        if self._io0_low:
            self._download()
        else:
            self.state = RUNNING
            self.loader = None
            self._run()

    def _download(self) -> None:
        self.state = DOWNLOAD
        self.loader = RomLoader(self._kind, self.board.mac, self.flash)
        self._say(b"waiting for download\r\n", self.baud)

    def _run(self) -> None:
        problem = self._boot_problem()
        if problem is None:
            self.board.let_run()
            return
        self._say(problem, self.baud)
        self.board.at_while_running(self._in_ms(_AGAIN_MS), self._start)

    def _boot_problem(self) -> bytes | None:
        """What the ROM and the second-stage loader would say of this flash; None when they would start the program."""
        header = self.flash.read(self._kind.boot_offset, 4)
        if header[0] != _IMAGE_MAGIC:
            return b"invalid header: 0x%08x\r\n" % int.from_bytes(header, "little")
        table = self.flash.read(TABLE_OFFSET, 0xC00)
        at = 0
        while table[at : at + 2] == _TABLE_MAGIC:
            if table[at + 2] == _APP_KIND:
                offset = int.from_bytes(table[at + 4 : at + 8], "little")
                if self.flash.read(offset, 1)[0] == _IMAGE_MAGIC:
                    return None
                return b"E (62) esp_image: image at 0x%x has invalid magic byte (nothing flashed here?)\r\n" % offset
            at += 32
        return b"E (60) flash_parts: partition table has no application\r\n"

    def _load(self, data: bytes) -> None:
        loader = self.loader
        assert loader is not None
        try:
            answer, effects = loader.feed(data)
        except PowerLost:
            self.power_off()
            return
        if answer:
            self._say(answer, self.baud)
        for effect in effects:
            if isinstance(effect, SetBaud):
                self._set_baud(effect.baud)
            elif isinstance(effect, Restart):
                # Of the processor only: the strapping pins are not looked at again.
                self._download()

    def _set_baud(self, baud: int) -> None:
        self.baud = baud
        if self.loader is not None:
            self.loader.registers.baud = baud

    def _program_says(self, data: bytes) -> None:
        self._say(data, ROM_BAUD)

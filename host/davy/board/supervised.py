"""What every supervised MicroPython program needs, whatever is wired to its chip: time, boots, a flash, a console.

The supervisor owns time. It grants the program a stretch of it together with the ADC samples of that stretch; the
program stops at the end, or earlier when it does something that the world around it feels. What happens outside at a
known time (a valve's travel, a button let go, bytes that arrive) stands in a queue of the supervisor, and no grant
reaches past its head. So every cause comes before its effect, to the millisecond, in any order.
"""

from __future__ import annotations

import abc
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from davy.board.console_line import ConsoleLine
from davy.board.events import Listener
from davy.board.flash_chip import PowerLost
from davy.board.flash_wear import ERASE, PROGRAM, FlashWear
from davy.board.granted import Granted
from davy.board.nvs import NvsPartition
from davy.board.process import DEFAULT_HEAP, BoardHung, BoardProcess, Boot
from davy.board.services import answer_call
from davy.board.wire import Call, In, Message, Out

if TYPE_CHECKING:
    from typing_extensions import Self

#: A UART whose bytes are felt outside at once stands among the coupled pins under this number plus its own, an I2C bus likewise.
UART_AS_PIN = 200
I2C_AS_PIN = 210
#: Virtual time from power to the first line of boot.py. Assumed; ROM, second-stage loader and MicroPython's start.
BOOT_MS = 400
#: Of a soft reset: MicroPython starts anew, the chip does not.
SOFT_BOOT_MS = 30

PWRON_RESET, HARD_RESET, WDT_RESET, SOFT_RESET = 1, 2, 3, 5


class Supervised(Granted):
    """One MicroPython process after another on one flash image. Subclasses are the world around the chip.

    `coupled_pins` are those whose changes stop the program at once. Times are virtual ms since this was made. The flash must be there.
    With `on_console` there is a prompt: it gets the console's bytes, and `console.type` sends some.
    """

    def __init__(
        self,
        flash: Path,
        coupled_pins: tuple[int, ...],
        *,
        seed: int,
        speed: float | None = None,
        on_event: Listener | None = None,
        heap: str = DEFAULT_HEAP,
        ticks_start: int = 0,
        on_console: Callable[[bytes], None] | None = None,
    ) -> None:
        super().__init__(on_event)
        self.seed = seed
        self.speed = speed
        self.mac = b"\x02\xda" + hashlib.sha256(f"davy board {seed}".encode()).digest()[:4]
        self.call_ms = 0.0  # of the question that is being answered
        self.powered = False
        self.boots = 0
        self.coupled_pins = coupled_pins
        self.flash_wear = FlashWear()
        self.nvs = NvsPartition(flash, on_operation=self.flash_wear.store_operation)
        self.console = ConsoleLine(self, on_console)
        self._flash = flash
        self._heap = heap
        self._ticks_start = ticks_start

    # The world around the chip

    @abc.abstractmethod
    def _felt(self, kind: Out, body: bytes) -> None:
        """An output of the program that is neither its console's nor its flash's."""

    @abc.abstractmethod
    def _started(self) -> None:
        """A boot begins: it finds the levels that are there."""

    @abc.abstractmethod
    def _gone(self) -> None:
        """Power cut or reset: every pin lets go."""

    @abc.abstractmethod
    def _supplied(self, on: bool) -> None:
        """The parts around get power, or lose it."""

    @abc.abstractmethod
    def i2c(self, body: bytes) -> bytes | None:
        """A transfer (bus, 0 write or 1 read, address, data or count) at `call_ms`: its answer, None when nobody acknowledges."""

    def resolve(self, name: str) -> str | None:
        """The address that a name server gives."""
        return None

    # Power and reset

    def power_on(self) -> None:
        """Apply power; boot.py starts BOOT_MS later. No effect while powered."""
        if self.powered:
            return
        self.powered = True
        self.console.hard_reset()
        self._supplied(True)
        self.emit("power", on=True)
        self._boot_after(BOOT_MS, PWRON_RESET)

    def power_cut(self) -> None:
        """Take the power away, at once and at any point of the firmware. No effect while unpowered."""
        if not self.powered:
            return
        self.powered = False
        self._end_process()
        self._supplied(False)
        self.emit("power", on=False)

    def cut_at_flash_operation(self, count: int) -> None:
        """Take the power away in the middle of the count-th program or erase from now (1 is the next one).

        Half of it is then done: the first half of the bytes, or of the sector. The board can be powered on again.
        """
        if count < 1:
            raise ValueError("operations of the flash are counted from 1")
        self.flash_wear.cut_in = count
        self.arrive(In.FLASH_CUT, struct.pack("<I", count))

    def hold_in_reset(self) -> None:
        """Pull the chip's EN low: the program ends at once, the parts around keep their power."""
        if self._process is not None or self.powered:
            self._end_process()

    def let_run(self, delay_ms: int = BOOT_MS) -> None:
        """Let EN go again: boot.py starts delay_ms later, with the cause of a power-on."""
        self.console.hard_reset()
        self._boot_after(delay_ms, PWRON_RESET)

    def close(self) -> None:
        """End the process and every connection."""
        self._end_process()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The supervisor's own: also for what stands beside it

    def handle(self, message: Message, body: bytes) -> bool:
        """Act on one message of the board; True when the board now waits for a grant."""
        process = self._process
        if process is None:
            return True
        self._wakes_ms = 0
        if message is Message.READY:
            return True
        if self.console.listener is not None:
            self._hear_stdout(process)
        t_ms = struct.unpack_from("<q", body)[0]
        if message is Message.IDLE:
            self._wakes_ms = struct.unpack_from("<q", body, 8)[0]
            self.advance(t_ms)
            return True
        if message is Message.CALL:
            self.call_ms = float(t_ms)
            try:
                answer = answer_call(self, Call(body[8]), body[9:])
            except PowerLost:
                self.advance(t_ms)
                self._flash_cut()
                return True
            process.send(answer)
            return False
        if message is Message.RESET:
            self.advance(t_ms)
            if body[8] == SOFT_RESET:
                self.console.soft_reset(body[9:])
            else:
                self.console.hard_reset()
            self._reset(body[8], "by the firmware" if body[8] != WDT_RESET else "watchdog not fed")
            return True
        self.advance(t_ms)
        self._output(Out(body[8]), body[9:])
        return message is Message.SYNC

    def hung(self, error: BoardHung) -> None:
        """A firmware that hangs is bitten by its watchdog, as on the chip."""
        self.emit("console", text=str(error))
        self.console.hard_reset()
        self._reset(WDT_RESET, "hung")

    # How it works

    def _hear_stdout(self, process: BoardProcess) -> None:
        if text := process.read_stdout():
            self.console.prints(text)

    def _output(self, kind: Out, body: bytes) -> None:
        if kind is Out.BREAK:
            self.console.break_waits_s = None
        elif kind is Out.CONSOLE:
            self.console.says(body)
        elif kind is Out.FLASH:
            self.flash_wear.operation(ERASE if body[0] else PROGRAM, body[1] | body[2] << 8)
        elif kind is Out.POWER_LOST:
            self._flash_cut()
        else:
            self._felt(kind, body)

    def _flash_cut(self) -> None:
        self.emit("fault", text=f"the power goes in operation {self.flash_wear.operations} of the flash")
        self.power_cut()

    def _boot_after(self, delay_ms: int, cause: int) -> None:
        self.at_while_running(self.now_ms + delay_ms, lambda: self._start(cause))

    def _start(self, cause: int) -> None:
        self.boots += 1
        self.emit("boot", cause=cause)
        # Anew: a flashing program may have written it.
        self.nvs = NvsPartition(self._flash, on_operation=self.flash_wear.store_operation)
        self._wakes_ms = 0
        self._process = BoardProcess(
            Boot(
                at_ms=self.now_ms,
                cause=cause,
                mac=self.mac,
                flash=self._flash,
                coupled_pins=self.coupled_pins,
                ticks_start=self._ticks_start,
                random_state=int.from_bytes(self.mac[2:], "big") ^ self.boots << 8 & 0xFFFFFFFF,
                speed=self.speed,
                heap=self._heap,
                prompt=self.console.prompt,
                watchdog_ms=self.console.watchdog_ms,
                flash_cut=self.flash_wear.cut_in or 0,
            )
        )
        self._started()
        self.serve()

    def _reset(self, cause: int, why: str) -> None:
        self.emit("reset", cause=cause, why=why)
        self._end_process()
        self._boot_after(SOFT_BOOT_MS if cause == SOFT_RESET and self.console.listener is not None else BOOT_MS, cause)

    def _end_process(self) -> None:
        self._epoch += 1
        self._arriving.clear()
        self.console.break_waits_s = None
        if self._process is not None:
            self._hear_stdout(self._process)
            self._process.kill()
            self._process = None
        self._gone()

"""A virtual board: one MicroPython process after another on one flash image, in a room.

The supervisor owns time. It grants the board a stretch of it together with the ADC samples of that stretch; the
board stops at the end, or earlier when it does something the room or the network feels. What happens outside the
board at a known time (a valve's travel, a button let go, bytes that arrive) stands in a queue of the supervisor,
and no grant reaches past its head. So every cause comes before its effect, to the millisecond, in any order.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np

from davy.board.agenda import Agenda
from davy.board.console_line import ConsoleLine
from davy.board.events import BoardEvent, Listener
from davy.board.flash import new_flash
from davy.board.flash_chip import PowerLost
from davy.board.flash_wear import ERASE, PROGRAM, FlashWear
from davy.board.network import AccessPoint
from davy.board.nvs import NvsPartition
from davy.board.periphery import Periphery
from davy.board.plant import Plant
from davy.board.process import DEFAULT_HEAP, BoardCrashed, BoardHung, BoardProcess, Boot
from davy.board.radio import Radio
from davy.board.realtime import run_paced
from davy.board.services import answer_call
from davy.board.valve import ValveFault
from davy.board.wire import MAX_SAMPLES, Call, Grant, In, Message, Out, timed_frames
from davy.codec import CommandKind, encode_frame, encode_serial, plain_command
from davy.image.boardparts import BoardSpec, MqSensor, SerialSensor
from davy.image.build import Image

SAMPLE_PERIOD_MS = 100
#: A grant is at most this long: as many samples as the board's buffer takes.
CHUNK_MS = (MAX_SAMPLES - 1) * SAMPLE_PERIOD_MS
#: Source of commands that a person gives through this class.
COMMANDER = b"operator"
#: A UART whose bytes the room's parts answer stands among the coupled pins under this number plus its own.
UART_AS_PIN = 200
#: Virtual time from power to the first line of boot.py. Assumed; ROM, second-stage loader and MicroPython's start.
BOOT_MS = 400
#: Of a soft reset: MicroPython starts anew, the chip does not.
SOFT_BOOT_MS = 30
#: Wall time without a sign of life after which the process is taken to hang.
HANG_S = 10.0

PWRON_RESET, HARD_RESET, WDT_RESET, SOFT_RESET = 1, 2, 3, 5


class VirtualBoard:
    """A board made of `spec` and `image`, in the room of `plant`.

    `speed`: None as fast as the machine can, else virtual seconds a wall second. Every event goes to `on_event`.
    The flash file is written anew with the image unless it exists and `keep_flash` is true; without an image it must be there.
    `nvs` is the partition that a new flash starts with: a unit's record, or None for an erased one.
    With `on_console` the board has a prompt: it gets the console's bytes, and `console.type` sends some.
    """

    def __init__(
        self,
        spec: BoardSpec,
        image: Image | None,
        plant: Plant,
        *,
        flash: Path,
        seed: int = 0,
        speed: float | None = None,
        access_point: AccessPoint | None = None,
        on_event: Listener | None = None,
        keep_flash: bool = False,
        nvs: bytes | None = None,
        heap: str = DEFAULT_HEAP,
        ticks_start: int = 0,
        on_console: Callable[[bytes], None] | None = None,
    ) -> None:
        self.spec = spec
        self.plant = plant
        self.seed = seed
        self.speed = speed
        self.mac = b"\x02\xda" + hashlib.sha256(f"davy board {seed}".encode()).digest()[:4]
        self.now_ms = 0
        self.call_ms = 0.0  # of the question that is being answered
        self.access_point = access_point
        self.powered = False
        self.boots = 0
        self._commands = 0
        self._flash = flash
        if image is not None and not (keep_flash and flash.exists()):
            new_flash(flash, image, nvs)
        self.flash_wear = FlashWear()
        self.nvs = NvsPartition(flash, on_operation=self.flash_wear.store_operation)
        self._heap = heap
        self._ticks_start = ticks_start
        self._on_event = on_event
        self.console = ConsoleLine(self, on_console)
        self._process: BoardProcess | None = None
        self._agenda = Agenda()
        self._arriving: list[tuple[In, bytes]] = []
        self._epoch = 0  # of the powered life: what was queued for an earlier one does not reach this one
        self.radio = Radio(self)
        self.periphery = Periphery(self)
        coupled = [spec.valve.relay_pin]
        if isinstance(spec.co, MqSensor) and spec.co.heater_pin is not None:
            coupled.append(spec.co.heater_pin)
        elif isinstance(spec.co, SerialSensor):
            coupled.append(UART_AS_PIN + spec.co.uart)
        self._coupled_pins = tuple(coupled)
        plant.set_power(False)
        plant.set_valve_open(self.periphery.valve.is_open)

    # What a person or a test does

    def power_on(self) -> None:
        """Apply power; boot.py starts BOOT_MS later. No effect while powered."""
        if self.powered:
            return
        self.powered = True
        self.console.hard_reset()
        self.plant.set_power(True)
        self.emit("power", on=True)
        self._boot_after(BOOT_MS, PWRON_RESET)

    def power_cut(self) -> None:
        """Take the power away, at once and at any point of the firmware. No effect while unpowered."""
        if not self.powered:
            return
        self.powered = False
        self._end_process()
        self.plant.set_power(False)
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

    def press_button(self, hold_ms: int = 200) -> None:
        """Press the button now and let it go hold_ms later."""
        self.emit("button", hold_ms=hold_ms)
        self.periphery.set_button(True)
        self.at(self.now_ms + hold_ms, lambda: self.periphery.set_button(False))

    def open_valve_by_hand(self) -> None:
        """Lift the lever at a pulse or relay valve; a held valve opens by the button at the device."""
        self.periphery.open_valve_by_hand()

    def set_valve_fault(self, fault: ValveFault | None) -> None:
        """Put a fault into the valve, or take it out."""
        self.periphery.set_valve_fault(fault)

    def set_tamper(self, opened: bool) -> None:
        """Open the case, or close it."""
        self.periphery.set_tamper(opened)

    def set_wifi(self, up: bool) -> None:
        """Switch the access point. The board notices its loss after some missed beacons."""
        self.radio.set_up(up)

    def send_serial(self, data: bytes) -> None:
        """Bytes into the board's serial line, now."""
        uart = self.spec.serial.uart if self.spec.serial is not None else 0
        self.arrive(In.UART, bytes((uart,)) + data)

    def send_command(self, kind: CommandKind) -> None:
        """A COMMAND on the wired line, addressed to this board."""
        self._commands += 1
        frame = encode_frame(COMMANDER, 0, self._commands, self.now_ms, plain_command((self.mac + bytes(8))[:8], kind))
        self.send_serial(encode_serial(frame))

    def run_for(self, seconds: float) -> None:
        """Run on for so many virtual seconds."""
        self.run_until(self.now_ms + round(seconds * 1000))

    def run_until(self, until_ms: int) -> None:
        """Run to a virtual time. Raises BoardCrashed when the board's process dies of itself."""
        if self.speed is not None:
            run_paced(self, until_ms)
            return
        while True:
            self.run_due()
            if self.now_ms >= until_ms:
                return
            longest_ms = min(CHUNK_MS, self.radio.tend())
            stop_ms = min(until_ms, self.next_due_ms(), self.now_ms + longest_ms)
            if self._process is None:
                self.advance(stop_ms)
            else:
                self.grant(stop_ms)
                self._serve(self._process)

    @property
    def flash_operations(self) -> int:
        """Pages programmed and sectors erased since the board was made."""
        return self.flash_wear.operations

    @property
    def flash_bytes_programmed(self) -> int:
        return self.flash_wear.bytes_programmed

    @property
    def flash_bytes_erased(self) -> int:
        return self.flash_wear.bytes_erased

    @property
    def relay_on(self) -> bool:
        return self.periphery.pins.relay_on

    @property
    def valve_open(self) -> bool:
        """Where the mechanism stands, whatever the firmware believes."""
        return self.periphery.valve.is_open

    @property
    def siren_on(self) -> bool:
        return self.periphery.pins.siren_on

    @property
    def lamp(self) -> str:
        """`green`, `yellow`, `red`, joined by `+`, or `off`."""
        return self.periphery.pins.lamp

    @property
    def pid(self) -> int | None:
        """The running process, if one runs."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """End the process and every connection."""
        self._end_process()

    def __enter__(self) -> VirtualBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The supervisor's own: also for radio, services and realtime beside it

    def emit(self, kind: str, **data: object) -> None:
        """Tell the listener, at the present time."""
        if self._on_event is not None:
            self._on_event(BoardEvent(self.now_ms, kind, data))

    def at(self, t_ms: int, action: Callable[[], None]) -> None:
        """Queue an action of the world outside, which stays true whatever happens to the board."""
        self._agenda.put(t_ms, action)

    def at_while_running(self, t_ms: int, action: Callable[[], None]) -> None:
        """Queue an action that lapses when this run of the board ends (power cut, reset)."""
        epoch = self._epoch
        self.at(t_ms, lambda: action() if epoch == self._epoch else None)

    def arrive(self, kind: In, body: bytes) -> None:
        """Something reaches the board with the next grant, which starts now."""
        if self._process is not None:
            self._arriving.append((kind, body))

    def next_due_ms(self) -> int:
        """Time of the head of the queue."""
        return self._agenda.next_ms

    def run_due(self) -> bool:
        """Do what is due by now; True when there was anything."""
        return self._agenda.run(lambda: self.now_ms)

    def advance(self, t_ms: int) -> None:
        """Move the present on; time never goes back."""
        if t_ms > self.now_ms:
            self.plant.advance(t_ms)
            self.now_ms = t_ms

    @property
    def process(self) -> BoardProcess | None:
        return self._process

    @property
    def has_arrivals(self) -> bool:
        return bool(self._arriving)

    def grant(self, end_ms: int) -> None:
        """Send the board a stretch of time from now on, with what has arrived."""
        process = self._process
        if process is None:
            return
        count = (end_ms - self.now_ms) // SAMPLE_PERIOD_MS + 1
        channels = self.plant.adc_uv(self.now_ms, count, SAMPLE_PERIOD_MS)
        for pin, uv in self.periphery.wired.adc_uv().items():
            channels[pin] = np.full(count, uv, np.int32)
        if isinstance(self.spec.co, SerialSensor):
            self.arrive(In.UART_TIMED, timed_frames(self.spec.co.uart, self.plant.co_uploads(self.now_ms, end_ms)))
        arriving, self._arriving = self._arriving, []
        process.send(Grant(self.now_ms, end_ms, SAMPLE_PERIOD_MS, channels, arriving).encode())

    def handle(self, message: Message, body: bytes) -> bool:
        """Act on one message of the board; True when the board now waits for a grant."""
        process = self._process
        if process is None:
            return True
        if message is Message.READY:
            return True
        if self.console.listener is not None:
            self._hear_stdout(process)
        t_ms = struct.unpack_from("<q", body)[0]
        if message is Message.IDLE:
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

    def _serve(self, process: BoardProcess) -> None:
        try:
            while True:
                message, body = process.receive(HANG_S)
                self._hear_stdout(process)
                if self.handle(message, body):
                    break
        except BoardHung as error:
            self.hung(error)

    def _hear_stdout(self, process: BoardProcess) -> None:
        if text := process.read_stdout():
            self.console.prints(text)

    def _output(self, kind: Out, body: bytes) -> None:
        if kind is Out.BREAK:
            self.console.break_waits_s = None
        elif kind in (Out.PIN, Out.PWM, Out.UART, Out.CONSOLE):
            self.periphery.output(kind, body)
        elif kind is Out.FLASH:
            self.flash_wear.operation(ERASE if body[0] else PROGRAM, body[1] | body[2] << 8)
        elif kind is Out.POWER_LOST:
            self._flash_cut()
        else:
            self.radio.output(kind, body)

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
        self._process = BoardProcess(
            Boot(
                at_ms=self.now_ms,
                cause=cause,
                mac=self.mac,
                flash=self._flash,
                coupled_pins=self._coupled_pins,
                ticks_start=self._ticks_start,
                random_state=int.from_bytes(self.mac[2:], "big") ^ self.boots << 8 & 0xFFFFFFFF,
                speed=self.speed,
                heap=self._heap,
                prompt=self.console.prompt,
                watchdog_ms=self.console.watchdog_ms,
                flash_cut=self.flash_wear.cut_in or 0,
            )
        )
        self.periphery.board_started()
        self._serve(self._process)

    def _reset(self, cause: int, why: str) -> None:
        self.emit("reset", cause=cause, why=why)
        self._end_process()
        self._boot_after(SOFT_BOOT_MS if cause == SOFT_RESET and self.console.listener is not None else BOOT_MS, cause)

    def _end_process(self) -> None:
        self._epoch += 1
        self._arriving.clear()
        self.console.break_waits_s = None
        self.radio.board_gone()
        if self._process is not None:
            self._hear_stdout(self._process)
            self._process.kill()
            self._process = None
        self.periphery.board_gone()


__all__ = ["BoardCrashed", "BoardEvent", "BoardHung", "VirtualBoard"]

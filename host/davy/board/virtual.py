"""A virtual board: the device's firmware in a supervised MicroPython process, in a room.

Sensors, valve, siren, lamps, the serial line and the Wi-Fi are wired to it here; time, boots and the flash are the supervisor's
(supervised.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from davy.board.events import BoardEvent, Listener
from davy.board.flash import new_flash
from davy.board.granted import CHUNK_MS, SAMPLE_PERIOD_MS
from davy.board.network import AccessPoint
from davy.board.periphery import Periphery
from davy.board.plant import Plant
from davy.board.process import DEFAULT_HEAP, BoardCrashed, BoardHung
from davy.board.radio import Radio
from davy.board.realtime import run_paced
from davy.board.supervised import (
    BOOT_MS,
    HARD_RESET,
    PWRON_RESET,
    SOFT_RESET,
    UART_AS_PIN,
    WDT_RESET,
    Supervised,
)
from davy.board.valve import ValveFault
from davy.board.wire import In, Out, timed_frames
from davy.codec import CommandKind, encode_frame, encode_serial, plain_command
from davy.image.boardparts import BoardSpec, MqSensor, SerialSensor
from davy.image.build import Image

#: Source of commands that a person gives through this class.
COMMANDER = b"operator"


class VirtualBoard(Supervised):
    """A board made of `spec` and `image`, in the room of `plant`.

    `speed`: None as fast as the machine can, else virtual seconds a wall second. Every event goes to `on_event`.
    The flash file is written anew with the image unless it exists and `keep_flash` is true; without an image it must be there.
    `nvs` is the partition that a new flash starts with: a unit's record, or None for an erased one.
    With `on_console` the board has a prompt: it gets the console's bytes, and `console.type` sends some.
    `on_serial` gets the bytes of the serial line. With `co_line` something else is wired in a serial CO module's place: it gets the
    bytes that are meant for the module, and `send_co` sends its own.
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
        if image is not None and not (keep_flash and flash.exists()):
            new_flash(flash, image, nvs)
        super().__init__(
            flash,
            _coupled_pins(spec),
            seed=seed,
            speed=speed,
            on_event=on_event,
            heap=heap,
            ticks_start=ticks_start,
            on_console=on_console,
        )
        self.spec = spec
        self.plant = plant
        self.access_point = access_point
        self.on_serial: Callable[[bytes], None] | None = None
        self.co_line: Callable[[bytes], None] | None = None
        self._commands = 0
        self.radio = Radio(self)
        self.periphery = Periphery(self)
        plant.set_power(False)
        plant.set_valve_open(self.periphery.valve.is_open)

    # What a person or a test does

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

    def send_co(self, data: bytes) -> None:
        """Bytes into the line of a serial CO module, now. No effect on a board without one."""
        if isinstance(self.spec.co, SerialSensor):
            self.arrive(In.UART, bytes((self.spec.co.uart,)) + data)

    def send_command(self, kind: CommandKind) -> None:
        """A COMMAND on the wired line, addressed to this board."""
        self._commands += 1
        frame = encode_frame(COMMANDER, 0, self._commands, self.now_ms, plain_command((self.mac + bytes(8))[:8], kind))
        self.send_serial(encode_serial(frame))

    def run_until(self, until_ms: int) -> None:
        """Run to a virtual time. Raises BoardCrashed when the board's process dies of itself."""
        if self.speed is not None:
            run_paced(self, until_ms)
        else:
            super().run_until(until_ms)

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

    # The world around the chip, for the supervisor

    def grant(self, end_ms: int) -> None:
        """Send the board a stretch of time from now on, with what has arrived and what a serial sensor will say in it."""
        if isinstance(self.spec.co, SerialSensor) and self.co_line is None:
            self.arrive(In.UART_TIMED, timed_frames(self.spec.co.uart, self.plant.co_uploads(self.now_ms, end_ms)))
        super().grant(end_ms)

    def _passes(self, t_ms: int) -> None:
        self.plant.advance(t_ms)

    def _adc_uv(self, count: int) -> dict[int, NDArray[np.int32]]:
        channels = self.plant.adc_uv(self.now_ms, count, SAMPLE_PERIOD_MS)
        for pin, uv in self.periphery.wired.adc_uv().items():
            channels[pin] = np.full(count, uv, np.int32)
        return channels

    def longest_ms(self) -> int:
        return min(CHUNK_MS, self.radio.tend())

    def _felt(self, kind: Out, body: bytes) -> None:
        if kind in (Out.PIN, Out.PWM, Out.UART):
            self.periphery.output(kind, body)
        else:
            self.radio.output(kind, body)

    def _started(self) -> None:
        self.periphery.board_started()

    def _end_process(self) -> None:
        self.radio.board_gone()
        super()._end_process()

    def _gone(self) -> None:
        self.periphery.board_gone()

    def _supplied(self, on: bool) -> None:
        self.plant.set_power(on)

    def i2c(self, body: bytes) -> bytes | None:
        """A transfer on the board's I2C bus, now."""
        return self.periphery.i2c(body)

    def resolve(self, name: str) -> str | None:
        """By the access point's name server."""
        return self.access_point.resolve(name) if self.access_point is not None else None


def _coupled_pins(spec: BoardSpec) -> tuple[int, ...]:
    coupled = [spec.valve.relay_pin]
    if isinstance(spec.co, MqSensor) and spec.co.heater_pin is not None:
        coupled.append(spec.co.heater_pin)
    elif isinstance(spec.co, SerialSensor):
        coupled.append(UART_AS_PIN + spec.co.uart)
    return tuple(coupled)


__all__ = [
    "BOOT_MS",
    "HARD_RESET",
    "PWRON_RESET",
    "SAMPLE_PERIOD_MS",
    "SOFT_RESET",
    "WDT_RESET",
    "BoardCrashed",
    "BoardEvent",
    "BoardHung",
    "VirtualBoard",
]

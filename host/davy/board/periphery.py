"""What is wired to a virtual board: valve, siren, lamp, heater, button, serial line.

It turns the board's output messages into events and into inputs of the room, and outside happenings into
inputs of the board.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from davy import codec
from davy.board.pins import OutputPins
from davy.board.valve import TRAVEL_MS, Mechanism, ValveFault
from davy.board.wire import In, Out
from davy.board.wired import Wired
from davy.image.boardparts import SerialSensor

if TYPE_CHECKING:
    from davy.board.virtual import VirtualBoard


class Periphery:
    """The parts around one board; they keep their state when the board loses its own."""

    def __init__(self, board: VirtualBoard) -> None:
        self._board = board
        self.pins = OutputPins(board.spec)
        self.valve = Mechanism(board.spec.valve.kind)
        self.wired = Wired(board)
        self._button_down = False
        self._case_open = False
        self._pad_held: int | None = None
        self._contact_held: int | None = None
        self._slow_clock_permille = 1000
        self._serial = codec.SerialReader()

    def output(self, kind: Out, body: bytes) -> None:
        """One OUTPUT or SYNC of the board that is not the radio's."""
        if kind is Out.PIN:
            self._pin(body[0], body[1])
        elif kind is Out.PWM:
            self._pwm(*struct.unpack("<BIH", body))
        elif kind is Out.UART:
            self._uart(body[0], body[1:])

    def i2c(self, body: bytes) -> bytes | None:
        """A transfer on the board's I2C bus, now."""
        return self.wired.i2c(body, self._board.call_ms)

    def board_started(self) -> None:
        """A boot finds the levels that are there."""
        self._tell_contact()
        self._tell_button()
        self._tell_tamper()
        self._tell_pad()
        self._board.arrive(In.SLOW_CLOCK, struct.pack("<H", self._slow_clock_permille))

    def set_tamper(self, opened: bool) -> None:
        """Open the case, or close it."""
        self._case_open = opened
        self._tell_tamper()

    def hold_relay_pad(self, level: int | None) -> None:
        """Short the relay's output pad to a level, whatever the firmware drives; None takes the short away."""
        self._pad_held = level
        self._tell_pad()

    def hold_contact(self, level: int | None) -> None:
        """Put a level on the valve's feedback pin, wherever the valve stands; None lets the valve's own contact have it."""
        self._contact_held = level
        self._tell_contact()

    def set_slow_clock(self, permille: int) -> None:
        """How fast the chip's RC oscillator runs, in thousandths of its nominal rate."""
        self._slow_clock_permille = permille
        self._board.arrive(In.SLOW_CLOCK, struct.pack("<H", permille))

    def board_gone(self) -> None:
        """Power cut or reset: every pin lets go."""
        siren, lamp, relay = self.pins.siren_on, self.pins.lamp, self.pins.relay_on
        self.pins.release_all()
        self._board.plant.set_heater("co", 0)
        self.wired.power_off()
        self._serial = codec.SerialReader()
        if relay:
            self._relay_changed()
        if siren:
            self._board.emit("siren", on=False)
        if lamp != "off":
            self._board.emit("lamp", colours="off")

    def set_valve_fault(self, fault: ValveFault | None) -> None:
        """Put a fault into the valve, or take it out."""
        self.valve.fault = fault
        self._board.plant.set_valve_open(self.valve.passes_gas)
        self._board.emit("fault", text=f"valve {fault or 'sound'}")
        self._settle_valve()
        self._tell_contact()

    def set_button(self, down: bool) -> None:
        """Press the button, or let it go."""
        self._button_down = down
        self._tell_button()

    def _uart(self, uart: int, data: bytes) -> None:
        spec = self._board.spec
        if isinstance(spec.co, SerialSensor) and uart == spec.co.uart:
            if self._board.co_line is not None:
                self._board.co_line(data)
            elif answer := self._board.plant.co_answer(data):
                self._board.arrive(In.UART, bytes((uart,)) + answer)
            return
        if self._board.on_serial is not None:
            self._board.on_serial(data)
        for frame in self._serial.feed(data):
            self._board.emit("frame", frame=frame)

    def _pin(self, pin: int, level: int) -> None:
        relay, siren, lamp = self.pins.relay_on, self.pins.siren_on, self.pins.lamp
        self.pins.drive(pin, level)
        if self.pins.relay_on != relay:
            self._relay_changed()
        if self.pins.siren_on != siren:
            self._board.emit("siren", on=self.pins.siren_on)
        if self.pins.lamp != lamp:
            self._board.emit("lamp", colours=self.pins.lamp)

    def _pwm(self, pin: int, _freq_hz: int, duty_u16: int) -> None:
        if pin == getattr(self._board.spec.co, "heater_pin", None):
            duty_permille = round(duty_u16 * 1000 / 65535)
            self.wired.heater_set(duty_permille)
            self._board.plant.set_heater("co", duty_permille)
            self._board.emit("heater", duty_permille=duty_permille)

    def _relay_changed(self) -> None:
        self.valve.energised = self.pins.relay_on
        self._board.emit("relay", on=self.pins.relay_on)
        self._board.at(self._board.now_ms + TRAVEL_MS, self._settle_valve)

    def open_valve_by_hand(self) -> None:
        """Lift the valve's own lever; a valve that is held open by its coil has none."""
        if self.valve.open_by_hand():
            self._valve_moved()

    def _settle_valve(self) -> None:
        if self.valve.settle():
            self._valve_moved()

    def _valve_moved(self) -> None:
        self._board.plant.set_valve_open(self.valve.passes_gas)
        self._board.emit("valve", open=self.valve.is_open)
        self._tell_contact()

    def _tell_contact(self) -> None:
        valve = self._board.spec.valve
        if valve.feedback_pin is not None:
            own = self.valve.contact_level(valve.feedback_closed)
            level = own if self._contact_held is None else self._contact_held
            self._board.arrive(In.PIN, bytes((valve.feedback_pin, level)))

    def _tell_button(self) -> None:
        button = self._board.spec.button
        level = button.active if self._button_down else 1 - button.active
        self._board.arrive(In.PIN, bytes((button.pin, level)))

    def _tell_tamper(self) -> None:
        tamper = self._board.spec.tamper
        if tamper is not None:
            level = tamper.active if self._case_open else 1 - tamper.active
            self._board.arrive(In.PIN, bytes((tamper.pin, level)))

    def _tell_pad(self) -> None:
        level = 255 if self._pad_held is None else self._pad_held
        self._board.arrive(In.PAD_HELD, bytes((self._board.spec.valve.relay_pin, level)))

"""What is wired to a virtual board: valve, siren, lamp, heater, button, serial line, console.

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

if TYPE_CHECKING:
    from davy.board.virtual import VirtualBoard


class Periphery:
    """The parts around one board; they keep their state when the board loses its own."""

    def __init__(self, board: VirtualBoard) -> None:
        self._board = board
        self.pins = OutputPins(board.spec)
        self.valve = Mechanism(board.spec.valve.kind)
        self._button_down = False
        self._console_line = ""
        self._serial = codec.SerialReader()

    def output(self, kind: Out, body: bytes) -> None:
        """One OUTPUT or SYNC of the board that is not the radio's."""
        if kind is Out.PIN:
            self._pin(body[0], body[1])
        elif kind is Out.PWM:
            self._pwm(*struct.unpack("<BIH", body))
        elif kind is Out.UART:
            for frame in self._serial.feed(body[1:]):
                self._board.emit("frame", frame=frame)
        elif kind is Out.CONSOLE:
            self.console(body.decode("utf-8", "replace"))

    def board_started(self) -> None:
        """A boot finds the levels that are there."""
        self._tell_contact()
        self._tell_button()

    def board_gone(self) -> None:
        """Power cut or reset: every pin lets go."""
        siren, lamp, relay = self.pins.siren_on, self.pins.lamp, self.pins.relay_on
        self.pins.release_all()
        self._board.plant.set_heater("co", 0)
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
        self._board.emit("fault", text=f"valve {fault or 'sound'}")
        self._settle_valve()
        self._tell_contact()

    def set_button(self, down: bool) -> None:
        """Press the button, or let it go."""
        self._button_down = down
        self._tell_button()

    def console(self, text: str) -> None:
        """Text on the console; each whole line is an event."""
        *lines, self._console_line = (self._console_line + text).split("\n")
        for line in lines:
            self._board.emit("console", text=line.rstrip("\r"))

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
        co = self._board.spec.co
        if co is not None and pin == co.heater_pin:
            duty_permille = round(duty_u16 * 1000 / 65535)
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
        self._board.plant.set_valve_open(self.valve.is_open)
        self._board.emit("valve", open=self.valve.is_open)
        self._tell_contact()

    def _tell_contact(self) -> None:
        valve = self._board.spec.valve
        if valve.feedback_pin is not None:
            level = self.valve.contact_level(valve.feedback_closed)
            self._board.arrive(In.PIN, bytes((valve.feedback_pin, level)))

    def _tell_button(self) -> None:
        button = self._board.spec.button
        level = button.active if self._button_down else 1 - button.active
        self._board.arrive(In.PIN, bytes((button.pin, level)))

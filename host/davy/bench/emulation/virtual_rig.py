"""The rig of a bench without hardware: its real firmware in a supervised MicroPython process, with its parts on an emulated I2C bus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from davy.bench.emulation.ina219 import Ina219
from davy.bench.emulation.mcp4728 import GENERAL_CALL, Mcp4728
from davy.bench.emulation.rig_pins import RigPins
from davy.board.analogue import converted
from davy.board.events import Listener
from davy.board.supervised import I2C_AS_PIN, Supervised
from davy.board.wire import In, Out

#: Heap of a program with a prompt, as in davy.board.desk.
HEAP = "560K"
SUPPLY_UV = 5_000_000


class Surroundings:
    """What the rig is wired to; davy.bench.emulation.harness has the real one. This one is a rig with nothing plugged in."""

    def switched(self, name: str, on: bool) -> None:
        """A switch of the rig, or its contact, changed."""

    def stimulated(self, channel: int, uv: int | None) -> None:
        """An output of the DAC changed; None when it is let go."""

    def co_said(self, data: bytes) -> None:
        """Bytes of the emulated CO module, for the device."""

    def coil(self) -> tuple[int, int]:
        """Current in uA and supply in uV of the device's coil, now."""
        return 0, 0

    def supply_uv(self) -> int:
        """At the device, now."""
        return 0


class VirtualRig(Supervised):
    """A rig that is wired as `pins` say. `flash` holds its image; `on_console` gets what its console says."""

    def __init__(
        self,
        pins: RigPins,
        *,
        flash: Path,
        seed: int = 0,
        on_event: Listener | None = None,
        on_console: Callable[[bytes], None] = lambda data: None,
    ) -> None:
        # What may come back to the program at once. Bytes of the CO module go out with the rest of the millisecond.
        coupled = list(pins.driven)
        if pins.dac_address is not None:
            coupled.append(I2C_AS_PIN + pins.i2c)
        super().__init__(flash, tuple(coupled), seed=seed, on_event=on_event, heap=HEAP, on_console=on_console)
        self.pins = pins
        self.around = Surroundings()
        self.dac = Mcp4728(lambda channel, uv: self.around.stimulated(channel, uv))
        self.sense = Ina219(lambda: self.around.coil(), shunt_mohm=pins.shunt_mohm)
        self._levels: dict[int, int] = {}  # of output pins, as last driven
        self._seen = dict.fromkeys(pins.inputs, False)

    def switch(self, name: str) -> bool:
        """Whether a switch is on, or the contact closed. A pin that nothing drives leaves it off."""
        pin, active = self.pins.switches[name] if name != "contact" or self.pins.contact is None else self.pins.contact
        return self._levels.get(pin) == active

    def see(self, name: str, on: bool) -> None:
        """An input of the rig from now on; of one that is not wired nothing comes."""
        if name in self._seen and self._seen[name] != on:
            self._seen[name] = on
            self._tell(name)

    def hear_co(self, data: bytes) -> None:
        """Bytes of the device for the emulated CO module, now."""
        if self.pins.co_uart is not None:
            self.arrive(In.UART, bytes((self.pins.co_uart,)) + data)

    def i2c(self, body: bytes) -> bytes | None:
        """A transfer on the bus of DAC and current sensor."""
        bus, reads, address = body[:3]
        parts: dict[int | None, Mcp4728 | Ina219] = {
            self.pins.dac_address: self.dac,
            self.pins.sense_address: self.sense,
        }
        part = parts.get(address)
        if bus != self.pins.i2c or not self.powered:
            return None
        if address == GENERAL_CALL and not reads:
            return b"" if self.pins.dac_address is not None and self.dac.general_call(body[3:]) else None
        if part is None:
            return None
        if reads:
            return part.read(body[3], self.call_ms)
        return b"" if part.write(body[3:], self.call_ms) else None

    # The world around the chip, for the supervisor

    def _passes(self, t_ms: int) -> None:
        pass

    def _adc_uv(self, count: int) -> dict[int, NDArray[np.int32]]:
        found = {}
        for name, (pin, top_ohm, bottom_ohm) in self.pins.dividers.items():
            uv = self._at_reading(name) * bottom_ohm // (top_ohm + bottom_ohm)
            found[pin] = np.full(count, converted(np.array([float(uv)]))[0], np.int32)
        return found

    def _at_reading(self, name: str) -> int:
        if name == "supply_uv":
            return self.around.supply_uv()
        channel = self.pins.stimuli.get(name.replace("_loop_uv", "_uv"))
        return 0 if channel is None else self.dac.output_uv(channel) or 0

    def _felt(self, kind: Out, body: bytes) -> None:
        if kind is Out.PIN and body[0] in self.pins.driven:
            name, active = self.pins.driven[body[0]]
            before = self._levels.get(body[0]) == active
            self._levels[body[0]] = body[1]
            if before != (body[1] == active):
                self.around.switched(name, body[1] == active)
        elif kind is Out.UART and body[0] == self.pins.co_uart:
            self.around.co_said(body[1:])

    def _started(self) -> None:
        for name in self._seen:
            self._tell(name)

    def _tell(self, name: str) -> None:
        pin, active = self.pins.inputs[name]
        self.arrive(In.PIN, bytes((pin, active if self._seen[name] else 1 - active)))

    def _gone(self) -> None:
        # Every pin lets go; what hangs on it falls back to where it stands without current.
        driven, self._levels = self._levels, {}
        for pin, (name, active) in self.pins.driven.items():
            if driven.get(pin) == active:
                self.around.switched(name, False)

    def _supplied(self, on: bool) -> None:
        if on:
            self.sense.power_on(float(self.now_ms))
            self.dac.power_on()

"""The wires between a rig and the device on it: what one does, the other feels, at that millisecond."""

from __future__ import annotations

from davy.bench.emulation.virtual_rig import SUPPLY_UV, Surroundings, VirtualRig
from davy.board.drive import Drive
from davy.board.events import BoardEvent
from davy.board.virtual import VirtualBoard
from davy.board.wired import COIL_UV
from davy.image.boardparts import SerialSensor

COLOURS = ("green", "yellow", "red")
#: The coil's supply, typical of the valves in the board files; its current is what the device's own shunt of 1 ohm is told.
COIL_SUPPLY_UV = 12_000_000
COIL_UA = COIL_UV
_GASES = ("methane", "co")


class Harness(Surroundings):
    """Puts a device on a rig: from now on nothing but the rig powers it, drives its sensors' pins, presses its button."""

    def __init__(self, rig: VirtualRig, device: VirtualBoard) -> None:
        self._rig = rig
        self._device = device
        self._dead = False
        #: What is wrong with the fixture itself, for a self-check to find: its supply, a relay that sticks, stimulus wires that are off.
        self.fixture_uv = SUPPLY_UV
        self.relay_sticks = False
        self.wires_off: set[str] = set()
        spec, lamp = device.spec, device.spec.lamp
        device.coupled_pins += (spec.siren.pin, lamp.green_pin, lamp.yellow_pin, lamp.red_pin)
        if isinstance(spec.co, SerialSensor) and rig.pins.co_uart is not None:
            device.co_line = rig.hear_co
        rig.around = self
        device.listen(self._device_did)
        for name, channel in rig.pins.stimuli.items():
            self._drive(name, rig.dac.output_uv(channel))
        self._contact(False)

    # What the rig does

    def switched(self, name: str, on: bool) -> None:
        """A switch of the rig, or its contact, changed."""
        device = self._device
        if name == "power":
            self._power(on)
        elif name == "coil_broken":
            device.set_valve_fault("coil_open" if on else None)
            self._look()
        elif name == "button":
            device.periphery.set_button(on)
        elif name == "tamper":
            device.set_tamper(on)
        elif name == "reset":
            self._reset(on)
        elif name == "contact":
            self._contact(on)

    def stimulated(self, channel: int, uv: int | None) -> None:
        """An output of the DAC changed."""
        for name, wired in self._rig.pins.stimuli.items():
            if wired == channel:
                self._drive(name, uv)

    def co_said(self, data: bytes) -> None:
        """Bytes of the emulated CO module, for the device."""
        self._device.send_co(data)

    def coil(self) -> tuple[int, int]:
        """Current in uA and supply in uV of the device's coil, now."""
        return (COIL_UA if self._coil_energised else 0), (COIL_SUPPLY_UV if self._device.powered else 0)

    def supply_uv(self) -> int:
        """At the device, now."""
        return self.fixture_uv if self._device.powered else 0

    def kill_device(self, dead: bool) -> None:
        """The device shows no sign of life, whatever is done to it; or it is another one that does."""
        self._dead = dead
        if dead:
            self._device.hold_in_reset()
        else:
            self.let_go()

    def let_go(self) -> None:
        """The end of a reset that did not come from the rig: the device starts, unless something else holds it."""
        if self._device.powered and not self._held and not self._in_download:
            self._device.let_run()

    # How it works

    @property
    def _held(self) -> bool:
        switches = self._rig.pins.switches
        return self._dead or ("reset" in switches and self._rig.switch("reset"))

    @property
    def _coil_energised(self) -> bool:
        device = self._device
        return device.powered and device.relay_on and device.periphery.valve.fault != "coil_open"

    def _power(self, on: bool) -> None:
        if not on:
            if not self.relay_sticks:
                self._device.power_cut()
            return
        self._device.power_on()
        if self._held or self._in_download:
            self._device.hold_in_reset()

    @property
    def _in_download(self) -> bool:
        # GPIO0 low when reset ends: the chip waits in its ROM, and no program starts.
        return "boot" in self._rig.pins.switches and self._rig.switch("boot")

    def _reset(self, on: bool) -> None:
        if on:
            self._device.hold_in_reset()
        else:
            self.let_go()

    def _contact(self, closed: bool) -> None:
        valve = self._device.spec.valve
        if self._rig.pins.contact is not None and valve.feedback_pin is not None:
            self._device.periphery.hold_contact(valve.feedback_closed if closed else 1 - valve.feedback_closed)

    def _drive(self, name: str, uv: int | None) -> None:
        # A line that is let go is one on which no sensor is plugged in.
        device, volts = self._device, 0 if uv is None or name in self.wires_off else uv
        gas = name.removesuffix("_uv").removesuffix("_heater")
        if gas not in _GASES or (gas == "co" and (device.spec.co is None or isinstance(device.spec.co, SerialSensor))):
            return
        if name.endswith("_heater_uv"):
            device.periphery.wired.drive_heater(gas, volts)
        else:
            device.plant.drive(gas, Drive((volts,)))

    def _device_did(self, event: BoardEvent) -> None:
        if event.kind in ("power", "relay", "siren", "lamp", "valve"):
            self._look()

    def _look(self) -> None:
        device, rig = self._device, self._rig
        rig.see("power", device.powered)
        rig.see("coil", self._coil_energised)
        rig.see("siren", device.siren_on)
        lit = device.lamp.split("+")
        for colour in COLOURS:
            rig.see(colour, colour in lit)
        if rig.pins.contact is None:
            rig.see("contact", not device.valve_open)

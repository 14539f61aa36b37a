"""A whole alarm in a room, for tests: what a person could do to it, and what a person could see of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from davy import codec
from davy.board.events import BoardEvent
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.valve import ValveFault
from davy.board.virtual import VirtualBoard
from davy.image.boardfile import load_board
from davy.image.build import build_image, with_files
from davy.image.calibration import Calibration
from davy.image.settings import Settings

#: Virtual seconds from power to a measuring alarm: the boot and the longest preheat of the shipped profiles.
READY_S = 200.0
_STEP_S = 0.1


class BoardUnderTest:
    """davy's own firmware on a virtual board, in virtual time: nothing happens unless the test lets time run.

    `spoil` replaces files of the image, or leaves them out (None), without its hashes knowing. `nvs` is a unit's record
    (davy.identity), which its settings and calibration then come from.

    The board is powered from the start, its valve shut. `make_ready` takes it through the preheat and opens the valve
    by its button, as a person does at commissioning.
    """

    def __init__(
        self,
        folder: Path,
        *,
        board: str = "virtual",
        seed: int = 1,
        volume_m3: float = 20.0,
        ventilation_ach: float = 0.5,
        settings: Settings | None = None,
        calibration: Calibration | None = None,
        spoil: dict[str, bytes | None] | None = None,
        nvs: bytes | None = None,
        broker: tuple[str, int] | None = None,
        monitored: bool = False,
    ) -> None:
        spec = load_board(board)
        if settings is None:
            settings = Settings() if broker is not None else Settings(broker=None)
        self.seed = seed
        self.events: list[BoardEvent] = []
        self._access_point = AccessPoint(
            {settings.broker.host: broker} if broker is not None and settings.broker is not None else {},
            monitored=monitored,
        )
        self.plant = Plant(spec, RoomConfig(volume_m3=volume_m3, ventilation_ach=ventilation_ach), seed)
        self.board = VirtualBoard(
            spec,
            with_files(build_image(spec, settings, calibration=calibration), spoil or {}),
            self.plant,
            flash=folder / f"flash-{seed}.bin",
            seed=seed,
            access_point=self._access_point,
            on_event=self.events.append,
            nvs=nvs,
        )
        self.board.power_on()

    # What a person can do

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.board.run_for(seconds)

    def run_until(self, condition: Callable[[], bool], within_s: float) -> float:
        """Run until the condition holds, looking each 100 ms; the virtual seconds it took.

        Raises AssertionError, with what the board shows, when it does not hold within_s from now.
        """
        began_ms = self.board.now_ms
        while not condition():
            if self.board.now_ms - began_ms >= within_s * 1000:
                raise AssertionError(f"not within {within_s:g} s (seed {self.seed}): {self.describe()}")
            self.board.run_for(_STEP_S)
        return (self.board.now_ms - began_ms) / 1000

    def make_ready(self) -> None:
        """Run through the preheat and open the valve by the button."""
        self.run(READY_S)
        self.press_button()
        self.run(2)

    def set_gas(self, methane_ppm: float | None = None, co_ppm: float | None = None) -> None:
        """Hold the room at these concentrations; None leaves a gas as it is."""
        if methane_ppm is not None:
            self.plant.force_ppm("methane", methane_ppm)
        if co_ppm is not None:
            self.plant.force_ppm("co", co_ppm)

    def let_gas_go(self) -> None:
        """Stop holding: leak and ventilation have the room again."""
        self.plant.force_ppm("methane", None)
        self.plant.force_ppm("co", None)

    def leak(self, litres_per_min: float, gas: str = "methane") -> None:
        """A leak behind the valve; 0 mends it."""
        self.plant.set_leak(gas, litres_per_min)

    def sensor_fault(self, gas: str, fault: str | None) -> None:
        """`open` (unplugged), `short`, `stuck`, `saturated`, `jumping`, `heater`, those of a ZE07, or None to mend it."""
        self.plant.set_sensor_fault(gas, fault)

    def valve_fault(self, fault: ValveFault | None) -> None:
        """`stuck_open`, `stuck_closed`, `contact_open`, `coil_open`, `coil_short`, `relay_welded`, `leaking`, or None."""
        self.board.set_valve_fault(fault)

    def set_climate(self, temperature_degc: float, humidity_percent: float) -> None:
        """The weather in the room."""
        self.plant.set_climate(temperature_degc, humidity_percent)

    def climate_fault(self, fault: str | None) -> None:
        """The temperature and humidity part is `silent` or `garbled`, or None to mend it."""
        if self.board.periphery.wired.climate is None:
            raise ValueError(f"board {self.board.spec.name} has no climate part")
        self.board.periphery.wired.climate.fault = fault

    def set_case(self, is_open: bool) -> None:
        """Open the case, or close it: its switch tells."""
        self.board.set_tamper(is_open)

    def command(self, kind: codec.CommandKind) -> None:
        """Give a command over the wired line."""
        self.board.send_command(kind)

    def open_valve_by_hand(self) -> None:
        """Lift the lever of a pulse or relay valve (a held valve has none: press_button opens it)."""
        self.board.open_valve_by_hand()

    def press_button(self, hold_s: float = 0.2) -> None:
        """Press the button, and let it go hold_s later."""
        self.board.press_button(round(hold_s * 1000))

    def cut_wifi(self) -> None:
        """Switch the access point off."""
        self.board.set_wifi(False)

    def restore_wifi(self) -> None:
        """Switch the access point on again."""
        self.board.set_wifi(True)

    def cut_power(self) -> None:
        """Take the power away at once. What was not in flash is lost."""
        self.board.power_cut()

    def restore_power(self) -> None:
        """Power again: the board boots."""
        self.board.power_on()

    # What a person can see

    @property
    def valve(self) -> str:
        """`open` or `closed`: the mechanism, not what the firmware believes."""
        return "open" if self.board.valve_open else "closed"

    @property
    def siren(self) -> bool:
        return self.board.siren_on

    @property
    def lamp(self) -> str:
        """`green`, `yellow`, `red`, joined by `+`, or `off`; a blinking lamp is what it is at this moment."""
        return self.board.lamp

    @property
    def frames(self) -> list[Any]:
        """What the board said on its serial line so far, as davy.codec decodes it."""
        return [event.data["frame"] for event in self.events if event.kind == "frame"]

    def messages(self, kind: type[Any]) -> list[Any]:
        """The messages of one kind, such as `davy.codec.State` or `davy.codec.Event`, oldest first."""
        decoded = [frame for frame in self.frames if isinstance(frame, codec.Decoded)]
        return [frame.message for frame in decoded if isinstance(frame.message, kind)]

    @property
    def state(self) -> codec.State:
        """The newest state report. Raises AssertionError when there was none."""
        states = self.messages(codec.State)
        assert states, "no state report yet"
        newest: codec.State = states[-1]
        return newest

    @property
    def console(self) -> list[str]:
        """Lines of the console."""
        return [event.data["text"] for event in self.events if event.kind == "console"]

    @property
    def methane_ppm(self) -> float:
        """The room's true methane, whatever the sensor says."""
        return self.plant.methane_ppm

    @property
    def co_ppm(self) -> float:
        """The room's true CO."""
        return self.plant.co_ppm

    def describe(self) -> str:
        """One line of what the board shows now."""
        sound = "sounding" if self.siren else "silent"
        return (
            f"t={self.board.now_ms / 1000:.1f} s, valve {self.valve}, siren {sound}, lamp {self.lamp}, "
            f"methane {self.methane_ppm:.0f} ppm, CO {self.co_ppm:.0f} ppm"
        )

    def close(self) -> None:
        """End the board's process."""
        self.board.close()

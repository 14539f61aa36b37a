"""What else is wired to a board beside its sensors: heater shunts, coil current, ADC reference, the climate part on I2C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from davy.board.climate_chips import CHIPS, ClimateChip

if TYPE_CHECKING:
    from davy.board.virtual import VirtualBoard

#: At the pins; typical of the parts in the board files.
HEATER_UV = 150_000
COIL_UV = 300_000
COIL_SHORT_UV = 1_400_000
REFERENCE_UV = 1_250_000


class Wired:
    """Constant voltages and the bus of one board; `reference_uv` and `climate.fault` can be put wrong."""

    def __init__(self, board: VirtualBoard) -> None:
        self._board = board
        self.reference_uv = REFERENCE_UV
        self.climate: ClimateChip | None = None
        if board.spec.climate is not None:
            self.climate = CHIPS[board.spec.climate.part]()
        self._co_heater_permille = 0
        self._driven_heater_uv: dict[str, int] = {}

    def drive_heater(self, gas: str, uv: int | None) -> None:
        """Put a voltage on the pin that senses a sensor's heater, from now on, or take it away."""
        if uv is None:
            self._driven_heater_uv.pop(gas, None)
        else:
            self._driven_heater_uv[gas] = uv

    def heater_set(self, duty_permille: int) -> None:
        """The PWM of a cycled CO sensor."""
        self._co_heater_permille = duty_permille

    def power_off(self) -> None:
        """The power went."""
        self._co_heater_permille = 0
        if self.climate is not None:
            self.climate.power_off()

    def adc_uv(self) -> dict[int, int]:
        """Microvolts at each pin that is none of a sensor's, until something changes."""
        spec, plant = self._board.spec, self._board.plant
        found: dict[int, int] = {}
        if spec.methane.heater_sense_pin is not None:
            sound_uv = 0 if plant.sensor_fault("methane") == "heater" else HEATER_UV
            found[spec.methane.heater_sense_pin] = self._driven_heater_uv.get("methane", sound_uv)
        co_sense = getattr(spec.co, "heater_sense_pin", None)
        if co_sense is not None:
            # As a burst of conversions sees it: the peak of the PWM, which is full current at any duty.
            broken = plant.sensor_fault("co") == "heater"
            off = broken or self._co_heater_permille == 0
            found[co_sense] = 0 if off else self._driven_heater_uv.get("co", HEATER_UV)
        if spec.reference is not None:
            found[spec.reference.adc_pin] = self.reference_uv
        if spec.valve.coil_pin is not None:
            found[spec.valve.coil_pin] = self._coil_uv()
        return found

    def _coil_uv(self) -> int:
        valve = self._board.periphery.valve
        if valve.fault == "coil_open" or not (valve.energised or valve.fault == "relay_welded"):
            return 0
        return COIL_SHORT_UV if valve.fault == "coil_short" else COIL_UV

    def i2c(self, body: bytes, now_ms: float) -> bytes | None:
        """One transfer (bus, 0 write or 1 read, address, data or count): its answer, None when nobody acknowledges."""
        chip, spec = self.climate, self._board.spec.climate
        if chip is None or spec is None or body[0] != spec.i2c or body[2] != chip.address:
            return None
        if body[1] == 0:
            return b"" if chip.write(body[3:], now_ms) else None
        return chip.read(body[3], now_ms, *self._board.plant.climate)

"""Gas without gas: the voltage that a sensor would give at a concentration, at the device's ADC pin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from davy import codec
from davy.bench.bench import Bench
from davy.bench.rig import RELEASED
from davy.board.analogue import ADC_CEILING_UV
from davy.board.curves import MQ4, MQ4_CLIMATE, MQ7, MQ7_CLIMATE
from davy.board.room import BACKGROUND_PPM
from davy.image.boardparts import CellSensor, MqSensor, SerialSensor

_CURVES = {"methane": (MQ4, MQ4_CLIMATE), "co": (MQ7, MQ7_CLIMATE)}
_STEP_MS = 100
#: A transmission pulls readings down for up to 180 ms [S]: three of these.
_DIP_STEP_MS = 60


class GasStimulus:
    """One gas, `methane` or `co`, by its sensor's circuit and this unit's calibration. Times are the rig's ms.

    The rig drives the pin directly: there is no lag of a sensor, no cold start, no cooking vapour.
    """

    def __init__(self, bench: Bench, gas: str) -> None:
        self._bench, self.gas = bench, gas
        self._output = f"{gas}_uv"
        self._degc, self._rh_percent = 20.0, 65.0
        #: What was put on, for the report: (rig's ms, microvolts).
        self.course: list[tuple[int, int]] = []

    @staticmethod
    def missing(bench: Bench, gas: str) -> str:
        if gas == "co" and bench.spec.co is None:
            return "a CO sensor"
        if gas == "co" and isinstance(bench.spec.co, SerialSensor):
            return "a CO sensor that is a voltage"
        return "" if f"{gas}_uv" in bench.rig.outputs else f"a voltage for the {gas} sensor"

    def follow_climate(self) -> None:
        """Take the temperature and humidity that the device measures into account from now on, as its sensor would feel them."""
        state = self._bench.device.state()
        if state.temperature_cdegc is not None and state.humidity_permille is not None:
            self._degc, self._rh_percent = state.temperature_cdegc / 100, state.humidity_permille / 10

    def uv_at(self, ppm: float) -> int:
        """Microvolts at the pin for a concentration >= 0 ppm, at most what the ADC takes."""
        spec = self._bench.spec
        sensor = spec.methane if self.gas == "methane" else spec.co
        own = self._bench.calibration.methane if self.gas == "methane" else self._bench.calibration.co
        if isinstance(sensor, CellSensor):
            sensitivity = own.sensitivity_pa_per_ppm if own is not None else None
            pa_per_ppm = sensitivity or sensor.sensitivity_pa_per_ppm
            return min(ADC_CEILING_UV, round(sensor.bias_uv + ppm * pa_per_ppm * 1e-6 * sensor.gain_ohm))
        if not isinstance(sensor, MqSensor):
            raise ValueError(f"the board's {self.gas} sensor is no voltage")
        curve, climate = _CURVES[self.gas]
        r0_ohm = (own.r0_ohm if own is not None else None) or sensor.r0_ohm
        rs_ohm = r0_ohm * float(curve.rs_r0(np.array([ppm]))[0]) * climate.factor(self._degc, self._rh_percent)
        load_uv = sensor.supply_uv * sensor.load_ohm / (rs_ohm + sensor.load_ohm)
        pin_uv = load_uv * sensor.divider_bottom_ohm / (sensor.divider_top_ohm + sensor.divider_bottom_ohm)
        return min(ADC_CEILING_UV, round(pin_uv))

    def volts(self, uv: int) -> int:
        """A voltage at the pin, in microvolts; when it was there."""
        t_ms = self._bench.rig.set(self._output, uv)
        self.course.append((t_ms, uv))
        return t_ms

    def ppm(self, ppm: float) -> int:
        """A step to a concentration."""
        return self.volts(self.uv_at(ppm))

    def clean(self) -> int:
        """Clean air."""
        return self.ppm(BACKGROUND_PPM[self.gas])

    def ramp(self, from_ppm: float, to_ppm: float, seconds: float, points: int = 600) -> int:
        """Straight from one concentration to another; when it began."""
        period_ms = max(_STEP_MS, round(seconds * 1000 / points))
        count = max(2, round(seconds * 1000 / period_ms))
        values = [self.uv_at(from_ppm + (to_ppm - from_ppm) * at / (count - 1)) for at in range(count)]
        return self.waveform(period_ms, values)

    def waveform(self, period_ms: int, values_uv: Sequence[int]) -> int:
        """Microvolts one after the other; the last stays. When it began."""
        t_ms = self._bench.rig.play(self._output, period_ms, values_uv)
        self.course += [(t_ms + at * period_ms, uv) for at, uv in enumerate(values_uv)]
        return t_ms

    def dips(self, ppm: float, *, dip_ms: int, every_ms: int, count: int, factor: float = 0.1) -> int:
        """A concentration whose voltage is pulled down again and again, as a radio's transmissions do."""
        level = self.uv_at(ppm)
        wave = [level] * ((every_ms - dip_ms) // _DIP_STEP_MS) + [round(level * factor)] * (dip_ms // _DIP_STEP_MS)
        return self.waveform(_DIP_STEP_MS, wave * count + [level])

    def unplug(self) -> int:
        """The sensor's line open."""
        t_ms = self._bench.rig.set(self._output, RELEASED)
        self.course.append((t_ms, 0))
        return t_ms

    def short(self) -> int:
        """The sensor shorted: its whole supply over the load."""
        spec = self._bench.spec
        sensor = spec.methane if self.gas == "methane" else spec.co
        if not isinstance(sensor, MqSensor):
            raise ValueError(f"a {getattr(sensor, 'part', 'missing part')} cannot be shorted by a voltage")
        full_uv = sensor.supply_uv * sensor.divider_bottom_ohm // (sensor.divider_top_ohm + sensor.divider_bottom_ohm)
        return self.volts(min(ADC_CEILING_UV, full_uv))

    def heater(self, uv: int | None) -> int:
        """The voltage that the device senses at the heater's shunt, None as it should be. ValueError where it is not sensed."""
        output = f"{self.gas}_heater_uv"
        from davy.bench.rig import OUTPUTS

        return self._bench.rig.set(output, OUTPUTS[output].rest if uv is None else uv)


def clean_air(bench: Bench) -> None:
    """Clean air at every sensor that the rig stands for."""
    for gas in ("methane", "co"):
        if not GasStimulus.missing(bench, gas):
            GasStimulus(bench, gas).clean()
    if isinstance(bench.spec.co, SerialSensor) and "co_tenths_ppm" in bench.rig.outputs:
        bench.rig.set("co_tenths_ppm", 0)


def methane_reads(bench: Bench) -> int | None:
    """What the device reads, None for no number."""
    state: codec.State = bench.device.state()
    return state.methane_ppm

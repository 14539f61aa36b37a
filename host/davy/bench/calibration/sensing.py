"""From the voltage at the pin to what a calibration is made of, and back: one class a kind of sensor.

The curves are the data sheets' (davy.board.curves, read to 1 to 2 %); the firmware's integer tables follow them within 1 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from davy import codec
from davy.bench.calibration.stability import CELL, CYCLED, Limits
from davy.board.curves import (
    MQ4,
    MQ4_CLIMATE,
    MQ7,
    MQ7_CLIMATE,
    TGS5042_DEGC,
    TGS5042_FACTOR,
    ClimateTable,
    Floats,
    GasCurve,
)
from davy.errors import InputError
from davy.image.boardparts import BoardSpec, CellSensor, MqSensor
from davy.image.calibration import MOST_FOLD

#: What the data sheets' two humidities and the temperatures of their plots carry: safety/climate.py keeps to the same.
COLDEST_DEGC, HOTTEST_DEGC = -10.0, 50.0
DRIEST_PERCENT, WETTEST_PERCENT = 20.0, 95.0
#: A cell of the kind that the firmware takes (safety/co_cell.py), and the span that tells its slope from its zero.
_CELL_PA = (1_200, 2_400)
_CELL_SPAN_PPM = (30.0, 1_000.0)
#: Where a curve is inverted: beyond the points of every curve on both sides.
_PPM = np.geomspace(1.0, 100_000.0, 400)


@dataclass(frozen=True)
class Climate:
    """Temperature in degC and relative humidity in percent, each with the half-width of what it may be off."""

    degc: float
    rh_percent: float
    degc_off: float
    rh_off: float


class Sensing(Protocol):
    """A sensor in its circuit. `key` names its number, `setting` the SET that takes it; low..high is what the unit takes."""

    gas: str
    part: str
    key: str
    setting: codec.Setting
    nominal: int
    low: int
    high: int
    least_span_ppm: float
    most_span_ppm: float
    limits: Limits
    #: |d signal / d ln(span)|: how much of an error in the span gas gets into the number.
    span_share: float

    def signal(self, uv: int) -> float | None:
        """Of a voltage at the pin; None for one that no such sensor gives."""

    def resolution(self, uv: int) -> float:
        """Half a step of the ADC (1 mV), as a signal."""

    def free(self, signal: float, climate: Climate) -> float:
        """The signal as it would be at the curve's conditions."""

    def ratio(self, clean: float, span: float) -> float:
        """How strongly the sensor answers, from two signals at the curve's conditions: against what the data sheet says."""

    def ratio_expected(self, span_ppm: float) -> float:
        """The same of the data sheet."""

    def number(self, clean: float, span: float, span_ppm: float) -> float:
        """The unit's own number from two signals at the curve's conditions."""

    def reads_ppm(self, span_ppm: float, climate: Climate, factor: float) -> float:
        """What a unit that measures by the right number reads in span gas of this climate, while it reckons with `factor`.

        That is the span, unless it reckons with another climate: one without a climate part assumes cold, dry air and reads high.
        """


class MqSensing:
    """A heated metal-oxide sensor: the signal is ln(Rs), the number R0, by the span point alone.

    Clean air is a check and not a point of the line: its Rs is a ceiling that differs between sensors, and the alarm is far from it.
    """

    key = "r0_ohm"

    def __init__(self, gas: str, sensor: MqSensor, curve: GasCurve, climate: ClimateTable) -> None:
        self.gas, self.part = gas, sensor.part
        self.setting = codec.Setting.METHANE_R0_OHM if gas == "methane" else codec.Setting.CO_R0_OHM
        self.nominal = sensor.r0_ohm
        self.low, self.high = sensor.r0_ohm // MOST_FOLD, sensor.r0_ohm * MOST_FOLD
        self.least_span_ppm, self.most_span_ppm = curve.ppm[0], curve.ppm[-1]
        self.limits = CYCLED if sensor.heater_pin is not None else Limits()
        self._sensor, self._curve, self._climate = sensor, curve, climate
        ends = math.log(curve.ratio[0] / curve.ratio[-1]) / math.log(curve.ppm[-1] / curve.ppm[0])
        self.span_share = ends

    def signal(self, uv: int) -> float | None:
        sensor = self._sensor
        load_uv = uv * (sensor.divider_top_ohm + sensor.divider_bottom_ohm) / sensor.divider_bottom_ohm
        if not 0 < load_uv < sensor.supply_uv:
            return None
        return math.log(sensor.load_ohm * (sensor.supply_uv / load_uv - 1.0))

    def resolution(self, uv: int) -> float:
        near, far = self.signal(uv), self.signal(uv + 500)
        return abs(far - near) if near is not None and far is not None else 0.0

    def free(self, signal: float, climate: Climate) -> float:
        return signal - math.log(self._climate.factor(climate.degc, climate.rh_percent))

    def ratio(self, clean: float, span: float) -> float:
        return math.exp(clean - span)

    def ratio_expected(self, span_ppm: float) -> float:
        return self._curve.clean_air / self._at(span_ppm)

    def number(self, clean: float, span: float, span_ppm: float) -> float:
        return math.exp(span) / self._at(span_ppm)

    def reads_ppm(self, span_ppm: float, climate: Climate, factor: float) -> float:
        ratio = self._at(span_ppm) * self._climate.factor(climate.degc, climate.rh_percent) / factor
        return float(np.exp(np.interp(math.log(ratio), np.log(self._at_many(_PPM[::-1])), np.log(_PPM[::-1]))))

    def _at(self, ppm: float) -> float:
        return float(self._at_many(np.array([ppm]))[0])

    def _at_many(self, ppm: Floats) -> Floats:
        return self._curve.rs_r0(ppm)


class CellSensing:
    """An electrochemical cell: the signal is pA a ppm of the type's span, the number its sensitivity.

    The slope is what counts between two points; the firmware takes the amplifier's bias from the board's data, so an offset is refused
    and not learned.
    """

    key = "sensitivity_pa_per_ppm"
    setting = codec.Setting.CO_SENSITIVITY_PA_PER_PPM
    limits = CELL
    span_share = 1.0

    def __init__(self, gas: str, sensor: CellSensor, span_ppm: float) -> None:
        self.gas, self.part = gas, sensor.part
        self.nominal = sensor.sensitivity_pa_per_ppm
        self.low = max(_CELL_PA[0], self.nominal // MOST_FOLD)
        self.high = min(_CELL_PA[1], self.nominal * MOST_FOLD)
        self.least_span_ppm, self.most_span_ppm = _CELL_SPAN_PPM
        self._sensor = sensor
        self._span_uv = span_ppm * self.nominal * 1e-6 * sensor.gain_ohm

    def signal(self, uv: int) -> float | None:
        return (uv - self._sensor.bias_uv) / self._span_uv if uv > 0 else None

    def resolution(self, uv: int) -> float:
        return 500.0 / self._span_uv

    def free(self, signal: float, climate: Climate) -> float:
        return signal / float(np.interp(climate.degc, TGS5042_DEGC, TGS5042_FACTOR))

    def ratio(self, clean: float, span: float) -> float:
        return span - clean + 1.0

    def ratio_expected(self, span_ppm: float) -> float:
        return 2.0

    def number(self, clean: float, span: float, span_ppm: float) -> float:
        return (span - clean) * self.nominal

    def reads_ppm(self, span_ppm: float, climate: Climate, factor: float) -> float:
        return span_ppm * float(np.interp(climate.degc, TGS5042_DEGC, TGS5042_FACTOR)) / factor


def sensing_of(spec: BoardSpec, gas: str, span_ppm: float) -> Sensing:
    """The sensor of a gas on a board. Raises InputError when it has none that can be calibrated, or the span is out of its range."""
    sensor = {"methane": spec.methane, "co": spec.co}.get(gas)
    found: Sensing
    if isinstance(sensor, MqSensor):
        curve, climate = (MQ4, MQ4_CLIMATE) if gas == "methane" else (MQ7, MQ7_CLIMATE)
        found = MqSensing(gas, sensor, curve, climate)
    elif isinstance(sensor, CellSensor):
        found = CellSensing(gas, sensor, span_ppm)
    else:
        what = "no such sensor" if sensor is None else f"a {sensor.part}, which is calibrated by its maker"
        raise InputError(
            "--gas", f"board {spec.name} has for {gas} {what}", "a gas whose sensor measures by a number of its own"
        )
    low, high = found.least_span_ppm, found.most_span_ppm
    if not low <= span_ppm <= high:
        problem = f"{span_ppm:g} ppm is out of what a {found.part} is known for"
        raise InputError("--span-ppm", problem, f"{low:g} to {high:g} ppm")
    return found

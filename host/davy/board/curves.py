"""The sensors' data-sheet curves, as functions of numpy arrays.

Numbers are read off the Hanwei data sheets (gas curves +-1..2 %). Between points the curves are straight in log-log;
beyond them the last slope goes on; clean air is a ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GasCurve:
    """Rs/R0 against ppm. `clean_air` is Rs/R0 without the gas."""

    ppm: tuple[float, ...]
    ratio: tuple[float, ...]
    clean_air: float

    def rs_r0(self, ppm: Floats) -> Floats:
        """Rs/R0 at concentrations (ppm >= 0)."""
        logs = np.log(np.maximum(ppm, 1e-3))
        x, y = np.log(self.ppm), np.log(self.ratio)
        inside = np.interp(logs, x, y)
        low = y[0] + (logs - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
        high = y[-1] + (logs - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
        curve = np.exp(np.where(logs < x[0], low, np.where(logs > x[-1], high, inside)))
        return np.minimum(curve, self.clean_air)


@dataclass(frozen=True)
class ClimateTable:
    """Rs against its value at 20 degC and a reference humidity, bilinear in temperature and humidity."""

    degc: tuple[float, ...]
    rh33: tuple[float, ...]
    rh85: tuple[float, ...]
    reference_rh: float

    def factor(self, degc: float, rh_percent: float) -> float:
        """Rs(T, RH) / Rs(20 degC, reference humidity)."""
        return self._at(degc, rh_percent) / self._at(20.0, self.reference_rh)

    def _at(self, degc: float, rh_percent: float) -> float:
        dry, wet = float(np.interp(degc, self.degc, self.rh33)), float(np.interp(degc, self.degc, self.rh85))
        return dry + (wet - dry) * (rh_percent - 33.0) / (85.0 - 33.0)


#: MQ-4, CH4; R0 = Rs at 1000 ppm, 20 degC, 65 %RH.
MQ4 = GasCurve((200, 1000, 5000, 10000), (1.76, 1.00, 0.57, 0.44), 4.38)
#: The gas curve was taken at 65 %RH, the climate plot refers to 33 %RH.
MQ4_CLIMATE = ClimateTable((-10, 5, 20, 50), (1.28, 1.09, 1.00, 0.90), (1.09, 0.945, 0.85, 0.72), 65.0)
#: MQ-7, CO; R0 = Rs at 100 ppm; valid at the end of the 1.4 V phase only.
MQ7 = GasCurve((50, 100, 400, 1000, 4000), (1.63, 1.01, 0.385, 0.22, 0.091), 26.8)
#: The data sheet states 65 %RH for the curve's conditions too; unconfirmed.
MQ7_CLIMATE = ClimateTable((-10, 5, 20, 50), (1.44, 1.12, 1.00, 0.865), (1.17, 0.97, 0.86, 0.74), 65.0)
#: TGS5042, current against 20 degC.
TGS5042_DEGC = (-10.0, 0.0, 10.0, 20.0, 30.0, 40.0, 50.0)
TGS5042_FACTOR = (0.752, 0.844, 0.927, 1.000, 1.060, 1.105, 1.132)

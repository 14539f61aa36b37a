"""The air of a room: perfectly mixed, a leak in, ventilation out, in closed form.

dc/dt = q/V * (1 - c) - n * c, with the leak q, the volume V and the air changes n: an exponential towards
q / (q + n V).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from davy.board.curves import Floats

#: Methane in outdoor air.
BACKGROUND_METHANE_PPM = 2.0
BACKGROUND_CO_PPM = 0.2
BACKGROUND_PPM = {"methane": BACKGROUND_METHANE_PPM, "co": BACKGROUND_CO_PPM}


@dataclass(frozen=True)
class RoomConfig:
    """A kitchen with its windows shut, unless told otherwise."""

    volume_m3: float = 20.0
    ventilation_ach: float = 0.5
    temperature_degc: float = 20.0
    humidity_percent: float = 65.0


@dataclass
class GasState:
    """One gas in the room at a moment, and what moves it from there."""

    ppm: float
    background_ppm: float
    leak_l_per_min: float = 0.0
    forced_ppm: float | None = None

    def course(self, volume_m3: float, ventilation_ach: float, leaking: bool) -> tuple[float, float]:
        """(concentration it tends to in ppm, rate in 1/s) while nothing changes. A rate of 0 means it stays."""
        if self.forced_ppm is not None:
            return self.forced_ppm, 0.0
        leak_per_s = self.leak_l_per_min / 60_000.0 / volume_m3 if leaking else 0.0
        ventilation_per_s = ventilation_ach / 3600.0
        rate = leak_per_s + ventilation_per_s
        if rate == 0.0:
            return self.ppm, 0.0
        return (leak_per_s * 1e6 + ventilation_per_s * self.background_ppm) / rate, rate


def along(start: float, tends_to: float, rate_per_s: float, seconds: Floats) -> Floats:
    """Values of an exponential course at times after its start."""
    return np.asarray(tends_to + (start - tends_to) * np.exp(-rate_per_s * seconds))


def lagged(sensed: float, start: float, tends_to: float, rate_per_s: float, tau_s: float, seconds: Floats) -> Floats:
    """A first-order lag of time constant tau_s behind `along`, from the value `sensed`."""
    lag_rate = 1.0 / tau_s
    if abs(rate_per_s - lag_rate) < 1e-9:
        rate_per_s *= 1.0 + 1e-6
    # Particular solution for a driving exponential, and what is left of the start.
    share = lag_rate / (lag_rate - rate_per_s) * (start - tends_to)
    driven = tends_to + share * np.exp(-rate_per_s * seconds)
    return np.asarray(driven + (sensed - tends_to - share) * np.exp(-lag_rate * seconds))

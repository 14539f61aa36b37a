"""An electrochemical CO cell with its transimpedance amplifier: pin = bias + ppm * sensitivity * gain."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from davy.board.analogue import ADC_CEILING_UV, SensorFault, converted, jumping, noise
from davy.board.curves import TGS5042_DEGC, TGS5042_FACTOR, Floats
from davy.board.drive import Drive
from davy.board.replay import Replay
from davy.image.boardparts import CellSensor

#: Assumed: cells reach 90 % within 30 s, amplifiers add little noise.
LAG_TAU_S = 12.0
NOISE_UV = 900.0
TOLERANCE = 0.15
_CHANNEL = 42


@dataclass
class CellModel:
    """One cell. Its sensitivity is within TOLERANCE of the type's."""

    circuit: CellSensor
    seed: int
    sensed_ppm: float
    fault: SensorFault | None = None
    stuck_uv: int = 0
    replay: Replay | None = None
    drive: Drive | None = None
    vapour_factor: float = 1.0  # a cell does not see cooking vapours
    heated_since_ms: float | None = None
    cycled: bool = False
    _own_pa: int = field(init=False)

    def __post_init__(self) -> None:
        dice = np.random.Generator(np.random.Philox(key=[self.seed, 1000 + _CHANNEL]))
        self._own_pa = round(self.circuit.sensitivity_pa_per_ppm * (1.0 + TOLERANCE * float(dice.uniform(-1, 1))))

    @property
    def pin(self) -> int:
        """The ADC pin."""
        return self.circuit.adc_pin

    @property
    def lag_tau_s(self) -> float:
        """First-order lag behind the room's air."""
        return LAG_TAU_S

    @property
    def own_value(self) -> int:
        """Sensitivity in pA a ppm, as printed on this cell."""
        return self._own_pa

    def set_phase(self, low: bool, t_ms: float) -> None:
        """It has no heater."""

    def pin_uv(self, t_ms: Floats, ppm: Floats, degc: float, _rh_percent: float) -> NDArray[np.int32]:
        """Microvolts at the ADC pin at times t_ms, with the sensed concentration at each."""
        if self.fault == "stuck":
            return np.full(len(t_ms), self.stuck_uv, np.int32)
        factor = float(np.interp(degc, TGS5042_DEGC, TGS5042_FACTOR))
        clean = self.circuit.bias_uv + ppm * self._own_pa * 1e-6 * self.circuit.gain_ohm * factor
        if self.drive is not None:
            clean = self.drive.uv(t_ms)
        elif self.fault == "open" or self.heated_since_ms is None:
            clean = np.zeros_like(t_ms)  # no power at the amplifier
        elif self.fault == "saturated":
            clean = np.full_like(t_ms, float(ADC_CEILING_UV))
        elif self.fault == "jumping":
            clean = jumping(t_ms, 300_000.0, 2_300_000.0)
        return converted(clean + noise(self.seed, _CHANNEL, t_ms) * NOISE_UV * (clean > 0))

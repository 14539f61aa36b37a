"""An MQ sensor in its circuit: from the gas at its surface to the voltage at the ADC pin."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from davy.board.analogue import ADC_CEILING_UV, SensorFault, converted, jumping, noise
from davy.board.curves import MQ4, MQ4_CLIMATE, MQ7, MQ7_CLIMATE, ClimateTable, Floats, GasCurve
from davy.board.drive import Drive
from davy.board.replay import Replay
from davy.image.boardparts import MqSensor

#: Assumed, as the data sheets give none of them.
LAG_TAU_S = 8.0
#: Right after the heater comes on Rs is this part of its settled value, and recovers with COLD_TAU_S.
COLD_START_RATIO = 0.25
COLD_TAU_S = 15.0
TOLERANCE = 0.05
DRIFT = 0.02
NOISE_UV = 1_500.0
#: MQ-7: Rs/R0 in the 5 V phase, where gas hardly shows; how fast the surface follows after a change of phase.
HOT_RATIO = 6.0
PHASE_TAU_S = 18.0
LOW_PHASE_PERMILLE = 300

#: A transmission can pull readings down to about a tenth.
RADIO_DIP_FACTOR = 0.1

_DRIFT_PERIODS_S = (7_000.0, 23_000.0, 71_000.0)


@dataclass
class SensorModel:
    """One sensor of a board. `sensed_ppm` is what its surface has settled to so far."""

    circuit: MqSensor
    curve: GasCurve
    climate: ClimateTable
    seed: int
    channel: int
    sensed_ppm: float
    fault: SensorFault | None = None
    stuck_uv: int = 0
    replay: Replay | None = None
    drive: Drive | None = None
    vapour_factor: float = 1.0
    heated_since_ms: float | None = None
    #: MQ-7: since when the heater is in its low phase (True) or high phase (False).
    low_phase: bool = False
    phase_since_ms: float = 0.0
    #: Rs/R0 contributions are blended: 0 = all the hot surface, 1 = all the gas curve.
    phase_blend: float = 0.0
    _tolerance: float = field(init=False)
    _drift_phases: Floats = field(init=False)

    def __post_init__(self) -> None:
        dice = np.random.Generator(np.random.Philox(key=[self.seed, 1000 + self.channel]))
        self._tolerance = 1.0 + TOLERANCE * float(dice.uniform(-1, 1))
        self._drift_phases = dice.uniform(0, 2 * np.pi, len(_DRIFT_PERIODS_S))

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
        """R0 in ohm with this unit's tolerance: what a calibration would find."""
        return round(self.circuit.r0_ohm * self._tolerance)

    @property
    def cycled(self) -> bool:
        return self.circuit.heater_pin is not None

    def blend_at(self, t_ms: Floats) -> Floats:
        """How far the surface shows gas, 0..1. A sensor without a heater cycle always does."""
        if not self.cycled:
            return np.ones_like(t_ms)
        target = 1.0 if self.low_phase else 0.0
        seconds = (t_ms - self.phase_since_ms) / 1000.0
        return np.asarray(target + (self.phase_blend - target) * np.exp(-seconds / PHASE_TAU_S))

    def set_phase(self, low: bool, t_ms: float) -> None:
        """The heater changes between 5 V and 1.4 V."""
        if low != self.low_phase:
            self.phase_blend = float(self.blend_at(np.array([t_ms]))[0])
            self.low_phase, self.phase_since_ms = low, t_ms

    def pin_uv(self, t_ms: Floats, ppm: Floats, degc: float, rh_percent: float) -> NDArray[np.int32]:
        """Microvolts at the ADC pin, before dips: at times t_ms, with the sensed concentration at each."""
        full_uv = self._divided(np.array([float(self.circuit.supply_uv)]))[0]
        if self.drive is not None:
            clean = self.drive.uv(t_ms)
        elif self.fault == "open":
            clean = np.zeros_like(t_ms)
        elif self.fault == "short":
            clean = np.full_like(t_ms, full_uv)
        elif self.fault == "saturated":
            clean = np.full_like(t_ms, float(ADC_CEILING_UV))
        elif self.fault == "stuck":
            return np.full(len(t_ms), self.stuck_uv, np.int32)
        elif self.replay is not None:
            clean = self.replay.pin_uv(t_ms, self.circuit)
        else:
            rs_ohm = self._rs_r0(t_ms, ppm, degc, rh_percent) * self.circuit.r0_ohm
            load_uv = self.circuit.supply_uv * self.circuit.load_ohm / (rs_ohm + self.circuit.load_ohm)
            clean = self._divided(load_uv)
        if self.fault == "jumping":
            clean = jumping(t_ms, 160_000.0, 0.95 * full_uv)
        return converted(clean + noise(self.seed, self.channel, t_ms) * NOISE_UV * (clean > 0))

    def _rs_r0(self, t_ms: Floats, ppm: Floats, degc: float, rh_percent: float) -> Floats:
        ratio = self.curve.rs_r0(ppm)
        if self.cycled:
            blend = self.blend_at(t_ms)
            ratio = np.exp(blend * np.log(ratio) + (1.0 - blend) * np.log(HOT_RATIO))
        ratio = ratio * self.climate.factor(degc, rh_percent) * self._tolerance * self._drift(t_ms)
        if self.heated_since_ms is None:
            return np.full_like(t_ms, 1e6)  # a cold sensor hardly conducts
        heated_s = (t_ms - self.heated_since_ms) / 1000.0
        cold = 1.0 - (1.0 - COLD_START_RATIO) * np.exp(-heated_s / COLD_TAU_S)
        return np.asarray(ratio * cold * self.vapour_factor)

    def _drift(self, t_ms: Floats) -> Floats:
        waves = [
            np.sin(t_ms / 1000.0 * 2 * np.pi / period + phase)
            for period, phase in zip(_DRIFT_PERIODS_S, self._drift_phases, strict=True)
        ]
        return np.asarray(1.0 + DRIFT * sum(waves) / len(waves))

    def _divided(self, load_uv: Floats) -> Floats:
        circuit = self.circuit
        return np.asarray(load_uv * circuit.divider_bottom_ohm / (circuit.divider_top_ohm + circuit.divider_bottom_ohm))


def new_mq(gas: str, circuit: MqSensor, seed: int, clean_ppm: float) -> SensorModel:
    """The MQ sensor that a board file names, in clean air."""
    if gas == "methane":
        return SensorModel(circuit, MQ4, MQ4_CLIMATE, seed, 4, clean_ppm)
    return SensorModel(circuit, MQ7, MQ7_CLIMATE, seed, 7, clean_ppm)

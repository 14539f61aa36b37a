"""What every voltage on its way to a pin goes through: noise, faults of wiring, the ADC."""

from __future__ import annotations

import functools
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from davy.board.curves import Floats

SensorFault = Literal[
    "open", "short", "stuck", "saturated", "jumping", "heater", "silent", "garbled", "only_when_asked"
]
SENSOR_FAULTS: tuple[SensorFault, ...] = (
    "open", "short", "stuck", "saturated", "jumping", "heater", "silent", "garbled", "only_when_asked",
)  # fmt: skip
#: Which of them a part can have.
FAULTS_OF_PART: dict[str, tuple[SensorFault, ...]] = {
    "mq4": ("open", "short", "stuck", "saturated", "jumping", "heater"),
    "mq7": ("open", "short", "stuck", "saturated", "jumping", "heater"),
    "tgs5042": ("open", "stuck", "saturated", "jumping"),
    "ze07": ("silent", "garbled", "only_when_asked"),
}

#: ESP32 ADC at 11 dB: reads 0 up to the floor, and no more than the ceiling; 1 mV steps (the hardware notes).
ADC_FLOOR_UV = 100_000
ADC_CEILING_UV = 3_100_000
ADC_STEP_UV = 1_000

_BLOCK = 600  # samples of 100 ms whose noise is drawn together
_SAMPLE_MS = 100
_JUMP_PERIOD_MS = 2_000


def noise(seed: int, channel: int, t_ms: Floats) -> Floats:
    """Standard normal noise as a function of (seed, channel, absolute time): asked again, it is the same."""
    index = (t_ms // _SAMPLE_MS).astype(np.int64)
    first, last = int(index[0]) // _BLOCK, int(index[-1]) // _BLOCK
    drawn = np.concatenate([_noise_block(seed, channel, block) for block in range(first, last + 1)])
    return np.asarray(drawn[index - first * _BLOCK])


@functools.lru_cache(maxsize=16)
def _noise_block(seed: int, channel: int, block: int) -> Floats:
    dice = np.random.Generator(np.random.Philox(key=[seed, channel], counter=[0, 0, 0, block]))
    return dice.standard_normal(_BLOCK)


def jumping(t_ms: Floats, low_uv: float, high_uv: float) -> Floats:
    """A loose contact: from one end to the other and back, a second each."""
    return np.where(t_ms % _JUMP_PERIOD_MS < _JUMP_PERIOD_MS / 2, low_uv, high_uv)


def converted(uv: Floats) -> NDArray[np.int32]:
    """What the ADC makes of a voltage."""
    stepped = np.round(np.minimum(uv, ADC_CEILING_UV) / ADC_STEP_UV) * ADC_STEP_UV
    return np.where(uv <= ADC_FLOOR_UV, 0, stepped).astype(np.int32)

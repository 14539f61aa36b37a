"""A kitchen's air without any leak, made from a seed: what must never put an alarm off.

Each day: temperature and humidity swing, somebody cooks three times (vapours that lower both sensors' resistance, moist
air, a window), the radio's transmissions pull readings down, and the sensors drift by up to 25 %, as they did in the
real recording that came with the project.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from davy.board.virtual import VirtualBoard

DRIFT = 0.25
_STEP_S = 600
_COOKING_H = (7.0, 12.0, 18.5)
_COOKING_LASTS_H = 0.75
#: Rs in cooking vapours against clean air: alcohol and oil vapours reach about the Rs of 200..500 ppm of methane.
_VAPOUR_FACTORS = (0.30, 0.60)


def live(board: VirtualBoard, days: float, seed: int) -> Iterator[float]:
    """Let the board live in it; gives the virtual day after each ten minutes."""
    dice = random.Random(seed)
    phase = dice.uniform(0, 2 * math.pi)
    cooking = dict.fromkeys(("methane", "co"), 1.0)
    began_ms = board.now_ms
    for step in range(round(days * 86_400 / _STEP_S)):
        day = step * _STEP_S / 86_400
        hour = day % 1 * 24
        cooks = any(start <= hour < start + _COOKING_LASTS_H for start in _COOKING_H)
        if cooks:
            cooking = {gas: dice.uniform(*_VAPOUR_FACTORS) for gas in cooking}
        else:
            cooking = {gas: factor + (1.0 - factor) * 0.6 for gas, factor in cooking.items()}
        drift = 1.0 + DRIFT * math.sin(2 * math.pi * day / 11 + phase)
        for gas, factor in cooking.items():
            board.plant.set_vapour(gas, drift * factor)
        swing = math.sin(2 * math.pi * (hour - 9) / 24)
        humidity = 60 + 15 * swing + (20 if cooks else 0) + dice.uniform(-5, 5)
        board.plant.set_climate(20 + 6 * swing + (4 if cooks else 0), max(20.0, min(95.0, humidity)))
        board.plant.set_ventilation(3.0 if cooks and dice.random() < 0.5 else 0.5)
        for _ in range(6):
            board.plant.radio_dip(180)
            board.run_for(_STEP_S / 6)
        yield (board.now_ms - began_ms) / 86_400_000

"""A voltage that something outside puts on a sensor's pin in the sensor's place, as a rig does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from davy.board.curves import Floats


@dataclass(frozen=True)
class Drive:
    """`values_uv` one after the other from start_ms on, period_ms apart (virtual ms); the last one stays, the first holds before."""

    values_uv: tuple[int, ...]
    start_ms: int = 0
    period_ms: int = 1

    def uv(self, t_ms: Floats) -> Floats:
        """Microvolts at times."""
        index = np.clip((t_ms - self.start_ms) // self.period_ms, 0, len(self.values_uv) - 1).astype(np.int64)
        return np.asarray(np.array(self.values_uv, dtype=np.float64)[index])

"""A ZE07-CO module: tells its reading over a UART each second, or when it is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from davy.board.analogue import SensorFault
from davy.board.curves import Floats
from davy.board.replay import Replay
from davy.image.boardparts import SerialSensor

#: Assumed, as for any electrochemical cell.
LAG_TAU_S = 12.0
FULL_PPM = 500.0
EVERY_MS = 1_000
QUERY = bytes.fromhex("ff0186000000000079")


def sealed(body: bytes) -> bytes:
    """Start byte, body and checksum: (~sum + 1) & 0xFF over the body."""
    return b"\xff" + body + bytes(((~sum(body) + 1) & 0xFF,))


@dataclass
class Ze07Model:
    """One module; it over-reads its full scale by at most what two bytes hold."""

    circuit: SerialSensor
    sensed_ppm: float
    fault: SensorFault | None = None
    stuck_uv: int = 0
    replay: Replay | None = None
    #: What it tells whatever the air holds; None for what it senses.
    told_ppm: float | None = None
    vapour_factor: float = 1.0
    heated_since_ms: float | None = None
    cycled: bool = False
    pin: None = None
    own_value: int = 0

    @property
    def lag_tau_s(self) -> float:
        """First-order lag behind the room's air."""
        return LAG_TAU_S

    def set_phase(self, low: bool, t_ms: float) -> None:
        """Its heater, if any, is its own."""

    def uploads(self, t_ms: Floats, ppm: Floats) -> list[tuple[int, bytes]]:
        """(virtual ms, frame) of what it sends by itself at those times, with the sensed concentration at each."""
        if self.fault in ("silent", "only_when_asked") or self.heated_since_ms is None:
            return []
        return [(int(at), self._upload(float(each))) for at, each in zip(t_ms, ppm, strict=True)]

    def answer(self, data: bytes) -> bytes:
        """What it says to bytes on its line."""
        if data != QUERY or self.fault == "silent" or self.heated_since_ms is None:
            return b""
        high, low = divmod(self._tenths(self.sensed_ppm), 256)
        return self._garbled(sealed(bytes((0x86, high, low, 0, 0, 0, 0))))

    def _upload(self, ppm: float) -> bytes:
        high, low = divmod(self._tenths(ppm), 256)
        return self._garbled(sealed(bytes((0x04, 0x03, 0x01, high, low, 0x13, 0x88))))

    def _tenths(self, sensed_ppm: float) -> int:
        ppm = sensed_ppm if self.told_ppm is None else self.told_ppm
        return int(np.clip(round(ppm * 10), 0, 0xFFFF))

    def _garbled(self, frame: bytes) -> bytes:
        return frame if self.fault != "garbled" else frame[:5] + bytes((frame[5] ^ 0x20,)) + frame[6:]

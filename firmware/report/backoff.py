# Waiting times between tries: doubling, bounded, with jitter so that a street of devices does not come back at once.
import os


class Backoff:
    def __init__(self, first_ms: int, most_ms: int) -> None:
        self._first_ms = first_ms
        self._most_ms = most_ms
        self._next_ms = first_ms

    def reset(self) -> None:
        self._next_ms = self._first_ms

    def next_ms(self) -> int:
        # Between half of the present step and the whole of it.
        step_ms = self._next_ms
        self._next_ms = min(self._most_ms, step_ms * 2)
        jitter = os.urandom(1)[0]
        return step_ms // 2 + step_ms * jitter // 510

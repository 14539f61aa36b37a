"""Stretches of virtual time for one MicroPython process, with the ADC samples that hold in them and what arrives at their start."""

from __future__ import annotations

import abc

import numpy as np
from numpy.typing import NDArray

from davy.board.events import Listener
from davy.board.present import Present
from davy.board.process import BoardHung, BoardProcess
from davy.board.wire import MAX_SAMPLES, Grant, In, Message

SAMPLE_PERIOD_MS = 100
#: A grant is at most this long: as many samples as the program's buffer takes.
CHUNK_MS = (MAX_SAMPLES - 1) * SAMPLE_PERIOD_MS
#: Wall time without a sign of life after which the process is taken to hang.
HANG_S = 10.0
#: A wake-up that is not foreseen.
NEVER_MS = 1 << 60


class Granted(Present):
    """Of a board whose process, if one runs, waits for its next stretch or uses one up."""

    def __init__(self, on_event: Listener | None) -> None:
        super().__init__(on_event)
        self._process: BoardProcess | None = None
        self._arriving: list[tuple[In, bytes]] = []
        self._wakes_ms = 0

    @abc.abstractmethod
    def _adc_uv(self, count: int) -> dict[int, NDArray[np.int32]]:
        """Microvolts at each ADC pin from now on, SAMPLE_PERIOD_MS apart, if nothing changes."""

    @abc.abstractmethod
    def handle(self, message: Message, body: bytes) -> bool:
        """Act on one message of the board; True when the board now waits for a grant."""

    @abc.abstractmethod
    def hung(self, error: BoardHung) -> None:
        """It gave no sign of life for HANG_S."""

    @abc.abstractmethod
    def _hear_stdout(self, process: BoardProcess) -> None:
        """Take in what the interpreter prints past its console."""

    def longest_ms(self) -> int:
        """How long the next stretch may be."""
        return CHUNK_MS

    def run_for(self, seconds: float) -> None:
        """Run on for so many virtual seconds."""
        self.run_until(self.now_ms + round(seconds * 1000))

    def run_until(self, until_ms: int) -> None:
        """Run to a virtual time. Raises BoardCrashed when the board's process dies of itself."""
        while True:
            self.run_due()
            if self.now_ms >= until_ms:
                return
            stop_ms = min(until_ms, self.now_ms + self.longest_ms(), self.next_due_ms())
            if self._process is None:
                self.advance(stop_ms)
            else:
                self.grant(stop_ms)
                self.serve()

    @property
    def pid(self) -> int | None:
        """The running process, if one runs."""
        return self._process.pid if self._process else None

    @property
    def process(self) -> BoardProcess | None:
        return self._process

    @property
    def has_arrivals(self) -> bool:
        return bool(self._arriving)

    @property
    def wakes_ms(self) -> int:
        """Before this time the program does nothing, unless something arrives. Now, when it has not said so; never, when none runs."""
        if self._process is None:
            return NEVER_MS
        return self.now_ms if self._arriving else max(self._wakes_ms, self.now_ms)

    def arrive(self, kind: In, body: bytes) -> None:
        """Something reaches the board with the next grant, which starts now."""
        if self._process is not None:
            self._arriving.append((kind, body))

    def grant(self, end_ms: int) -> None:
        """Send the board a stretch of time from now on, with what has arrived."""
        process = self._process
        if process is None:
            return
        channels = self._adc_uv((end_ms - self.now_ms) // SAMPLE_PERIOD_MS + 1)
        arriving, self._arriving = self._arriving, []
        process.send(Grant(self.now_ms, end_ms, SAMPLE_PERIOD_MS, channels, arriving).encode())

    def serve(self) -> None:
        """Act on what the board says until it waits for its next grant."""
        process = self._process
        if process is None:
            return
        try:
            while True:
                message, body = process.receive(HANG_S)
                self._hear_stdout(process)
                if self.handle(message, body):
                    break
        except BoardHung as error:
            self.hung(error)

"""A board of a run: its supervisor on a thread here, its MicroPython a process of its own that is really killed."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from davy.board.events import BoardEvent
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.realtime import run_paced
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.chaos.record import BoardRecord
from davy.image.boardparts import BoardSpec
from davy.image.build import Image

_LOOK_S = 0.5
_END_S = 20.0
_FOREVER_MS = 1 << 50

Order = Callable[["BoardLife"], None]


class BoardLife:
    """Lives from `start` to `end`. What is done to it is done on its thread, at the next moment: `do` comes back at once."""

    def __init__(
        self,
        spec: BoardSpec,
        image: Image,
        nvs: bytes,
        record: BoardRecord,
        flash: Path,
        seed: int,
        speed: float,
        access_point: AccessPoint,
        on_event: Callable[[BoardEvent], None] = lambda event: None,
        keep_flash: bool = False,
    ) -> None:
        self.record = record
        self.plant = Plant(spec, RoomConfig(), seed)
        self._tell = on_event
        self.board = VirtualBoard(
            spec,
            image,
            self.plant,
            flash=flash,
            seed=seed,
            speed=speed,
            access_point=access_point,
            on_event=self._hear,
            keep_flash=keep_flash,
            nvs=nvs,
        )
        record.source = (self.board.mac + bytes(2)).hex()
        self.error: BaseException | None = None
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._ending = False
        self._thread = threading.Thread(target=self._live, name="davy-chaos-board", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def do(self, order: Order) -> None:
        """On the board's own thread, soon."""
        self._orders.put(order)
        self._wake.send(b"!")

    def end(self) -> None:
        """Take the power away and end the thread, if it was started; the flash stays."""

        def last(life: BoardLife) -> None:
            life._ending = True

        if self._thread.ident is not None:
            self.do(last)
            self._thread.join(_END_S)
            if self._thread.is_alive():
                raise RuntimeError(f"board {self.record.source} did not end within {_END_S:g} s")
        self._wake.close()
        self._woken.close()

    # What run_paced asks for

    @property
    def done(self) -> bool:
        return self._ending

    def sources(self) -> list[Any]:
        return [self._woken]

    def wait_s(self) -> float:
        return _LOOK_S

    def serve(self) -> None:
        while True:
            try:
                if not self._woken.recv(64):
                    break
            except BlockingIOError:
                break
        while not self._orders.empty():
            self._orders.get()(self)

    # The thread

    def _live(self) -> None:
        try:
            run_paced(self.board, _FOREVER_MS, self)
        except BaseException as error:
            self.error = error
        finally:
            # What ends with the harness is no power cut of the plan.
            self.record.now_ms = self.board.now_ms
            self.record.closed = True
            self.board.close()

    def _hear(self, event: BoardEvent) -> None:
        if not self.record.closed:
            self.record.hear(event)
            self._tell(event)

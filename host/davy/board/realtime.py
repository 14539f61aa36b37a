"""Running a virtual board by the wall clock, at a chosen speed.

The board paces itself within a grant; here the supervisor keeps step with it, so that what happens outside (the room,
the network, a button) reaches it when it happens and not at the end of the stretch.
"""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Any, Protocol

from davy.board.process import BoardHung

if TYPE_CHECKING:
    from davy.board.virtual import VirtualBoard


class Outside(Protocol):
    """What else is to be served while a board runs by the wall clock: its ports."""

    @property
    def done(self) -> bool:
        """Nothing more is wanted: return."""

    def sources(self) -> list[Any]:
        """What to wait for."""

    def wait_s(self) -> float:
        """How long it may take until the next look."""

    def serve(self) -> None:
        """Do what is due."""


#: A stretch that the board may run through without hearing from the supervisor, in virtual ms.
GRANT_MS = 10_000
HANG_S = 10.0


def run_paced(board: VirtualBoard, until_ms: int, outside: Outside | None = None) -> None:
    """Run to a virtual time at `board.speed` virtual seconds a wall second, or until `outside` is done."""
    speed = board.speed
    if speed is None:
        raise ValueError("a board without a speed is not paced")
    began_s, began_ms = time.monotonic(), board.now_ms
    waiting, heard_s, process = True, time.monotonic(), board.process
    while True:
        virtual_ms = began_ms + int((time.monotonic() - began_s) * speed * 1000)
        board.advance(min(virtual_ms, until_ms))
        happened = board.run_due()
        if outside is not None:
            if outside.done:
                return
            outside.serve()
            waiting = waiting or board.process is not process
        waiting = waiting or board.process is not process
        process = board.process
        if process is None:
            if board.now_ms >= until_ms:
                return
        elif waiting and board.now_ms >= until_ms:
            return
        elif waiting or happened or board.has_arrivals:
            board.grant(min(until_ms, board.now_ms + GRANT_MS))
            waiting = False
        next_ms = min(board.next_due_ms(), until_ms)
        left_s = max(0.0, began_s + (next_ms - began_ms) / 1000 / speed - time.monotonic())
        sources: list[Any] = [flow.socket for flow in board.radio.flows.values() if flow.window_bytes > 0]
        if outside is not None:
            sources += outside.sources()
            left_s = min(left_s, outside.wait_s())
        if process is not None:
            sources.append(process.line)
        # A board that lags behind the wall clock is waited for, not polled.
        lagging = left_s <= 0 and process is not None and outside is None
        ready = select.select(sources, [], [], HANG_S if lagging else left_s)[0]
        board.radio.pump()
        if process is not None and process.line in ready:
            heard_s = time.monotonic()
            for message, body in process.receive_waiting():
                waiting = board.handle(message, body) or waiting
            waiting = waiting or board.process is not process
        elif process is not None and board.now_ms >= until_ms and time.monotonic() - heard_s > HANG_S:
            board.hung(BoardHung(f"no sign of life for {HANG_S:g} s"))
            waiting = True

"""Running a virtual board by the wall clock, at a chosen speed.

The board paces itself within a grant; here the supervisor keeps step with it, so that what happens outside (the room,
the network, a button) reaches it when it happens and not at the end of the stretch.
"""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

from davy.board.process import BoardHung

if TYPE_CHECKING:
    from davy.board.virtual import VirtualBoard

#: A stretch that the board may run through without hearing from the supervisor, in virtual ms.
GRANT_MS = 10_000
HANG_S = 10.0


def run_paced(board: VirtualBoard, until_ms: int) -> None:
    """Run to a virtual time at `board.speed` virtual seconds a wall second."""
    speed = board.speed
    if speed is None:
        raise ValueError("a board without a speed is not paced")
    began_s, began_ms = time.monotonic(), board.now_ms
    waiting, heard_s = True, time.monotonic()
    while True:
        virtual_ms = began_ms + int((time.monotonic() - began_s) * speed * 1000)
        board.advance(min(virtual_ms, until_ms))
        happened = board.run_due()
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
        sources = [flow.socket for flow in board.radio.flows.values()]
        if process is not None:
            sources.append(process.line)
        # A board that lags behind the wall clock is waited for, not polled.
        ready = select.select(sources, [], [], left_s if left_s > 0 or process is None else HANG_S)[0]
        board.radio.pump()
        if process is not None and process.line in ready:
            heard_s = time.monotonic()
            for message, body in process.receive_waiting():
                waiting = board.handle(message, body) or waiting
            waiting = waiting or board.process is not process
        elif process is not None and board.now_ms >= until_ms and time.monotonic() - heard_s > HANG_S:
            board.hung(BoardHung(f"no sign of life for {HANG_S:g} s"))
            waiting = True

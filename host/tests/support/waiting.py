"""Wait for what another thread or program is about to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_WITHIN_S = 30.0


def until(condition: Callable[[], object], what: str) -> None:
    """Raises when it does not come to hold."""
    end_s = time.monotonic() + _WITHIN_S
    pause = threading.Event()
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError(f"{what}: not within {_WITHIN_S:g} s")
        pause.wait(0.05)

"""Every state of the decisions, with every class of methane, CO, button, contact and time together: some minutes.

The test suite explores the gases one at a time (host/tests/test_never.py); this is the whole. It prints the number of
states and steps, or the way into the first breach.
"""

from __future__ import annotations

import importlib
import sys
import time

from davy.paths import FIRMWARE, ROOT

sys.path[:0] = [str(FIRMWARE), str(ROOT / "host" / "tests" / "portable")]

MOST_STATES = 3_000_000


def main() -> int:
    """0 when nothing forbidden was found."""
    began = time.perf_counter()
    # The tests' own explorer.
    explore = importlib.import_module("explore")
    said: str = explore.explore(explore.ALL, MOST_STATES)
    print(f"{said} in {time.perf_counter() - began:.0f} s")
    return 0 if said.startswith("COMPLETE") else 1


if __name__ == "__main__":
    sys.exit(main())

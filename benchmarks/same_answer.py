"""Millions of generated steps of the safety core, on CPython, the unix port and 32-bit MicroPython: one answer.

The life (host/tests/portable/same_answer.py) is made by integers from a seed: air, broken sensors and parts, hands,
commands, late steps. Its digest depends on every output of every step. The three seeds have the three kinds of CO sensor.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from davy.paths import FIRMWARE, ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support import interpreters

PORTABLE = ROOT / "host" / "tests" / "portable"
SEEDS = (1, 2, 3)
#: Steps of one process: the clock's cost grows with nothing, but a run must end within the harness's time-out.
PIECE = 100_000


def answer(name: str, seed: int, steps: int) -> tuple[str, float]:
    """The digest of one life, and the seconds it took."""
    began = time.perf_counter()
    code = f"from same_answer import life\nprint(life({seed}, {steps}))\n"
    return interpreters.run(name, code, [FIRMWARE, PORTABLE]).strip(), time.perf_counter() - began


def main() -> int:
    """0 when every life has one answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2_000_000, help="of all lives together, on each interpreter")
    steps = parser.parse_args().steps
    lives = [(seed + 3 * at) for at in range(max(1, steps // PIECE // len(SEEDS))) for seed in SEEDS]
    different = 0
    seconds = dict.fromkeys(interpreters.NAMES, 0.0)
    with ThreadPoolExecutor(max_workers=2) as pool:
        jobs = {(name, seed): pool.submit(answer, name, seed, PIECE) for seed in lives for name in interpreters.NAMES}
        for seed in lives:
            answers = {}
            for name in interpreters.NAMES:
                answers[name], took_s = jobs[name, seed].result()
                seconds[name] += took_s
            if len(set(answers.values())) != 1:
                different += 1
                print(f"seed {seed}: {answers}")
    total = len(lives) * PIECE
    for name, took_s in seconds.items():
        print(f"{name:>8}: {total:,} steps in {took_s:,.0f} s, {took_s / total * 1e6:.1f} us a step")
    print(f"{len(lives)} lives, {different} with more than one answer")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())

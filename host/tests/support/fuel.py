"""The exact cost of one safety step on 32-bit MicroPython, in wasm fuel: the same every time, on every machine."""

from __future__ import annotations

from pathlib import Path

from support import interpreters

FEW, MANY = 500, 2_500
#: What a step cost when the first path was complete: MQ-4, MQ-7, a held valve, and nothing else.
BASELINE_FUEL = 141_383

PREPARE = """
from safety_bench import Bench, Adc
bench = Bench().ready()
step = bench.loop.step
def run(count):
    now = bench.now_ms
    for _ in range(count):
        step(now)
        now += 100
    bench.now_ms = now
"""


def fuel_of(prepare: str, folders: list[Path]) -> float:
    """Fuel of one step, exact: the difference of many and few, over their difference in number."""
    spent = []
    for count in (FEW, MANY):
        result = interpreters.run_wasm(f"{prepare}\nrun({count})\n", folders)
        spent.append(interpreters.WASM_FUEL - result.fuel_remaining)
    return (spent[1] - spent[0]) / (MANY - FEW)

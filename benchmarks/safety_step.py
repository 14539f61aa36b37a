"""One safety step: bytes it allocates, and its exact cost on 32-bit MicroPython beside a plain float step.

Cost is wasm fuel (executed WebAssembly instructions, weighted), taken as a difference of two runs: the same every time,
on every machine. The float step does the same job the obvious way: a mean instead of a median, the data sheet's power
law with math.pow, readings and decisions as new objects. Microseconds on the unix port are shown for scale.
"""

from __future__ import annotations

import sys

from davy.paths import FIRMWARE, ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support import interpreters
from support.fuel import BASELINE_FUEL, PREPARE, fuel_of

PORTABLE = ROOT / "host" / "tests" / "portable"
_FLOAT = """
import math
from safety_bench import Adc, CLEAN_UV, CO_CLEAN_UV

class Reading:
    def __init__(self, ppm, ok):
        self.ppm = ppm
        self.ok = ok

class FloatStep:
    def __init__(self):
        self.methane, self.co = Adc(CLEAN_UV), Adc(CO_CLEAN_UV)
        self.window = []
        self.above_s = 0.0
        self.alarm = False
        self.relay = 1
    def read(self, adc, factor, exponent, r0):
        volts = adc.read_uv() / 1e6 * 2.2
        if volts < 0.33 or volts > 4.95:
            return Reading(0.0, False)
        rs = (5.0 - volts) / volts * 20000.0
        return Reading(factor * math.pow(rs / r0, exponent), True)
    def step(self, now_ms):
        methane = self.read(self.methane, 990.0, -2.83, 20000.0)
        co = self.read(self.co, 100.0, -1.44, 5000.0)
        self.window = (self.window + [methane.ppm])[-5:]
        mean = sum(self.window) / len(self.window)
        self.above_s = self.above_s + 0.1 if mean > 5000.0 else 0.0
        if self.above_s > 15.0 or mean > 12500.0 or co.ppm > 150.0 or not methane.ok:
            self.alarm = True
        self.relay = 0 if self.alarm else 1
        lamp = {"green": not self.alarm, "red": self.alarm}
        return methane, co, lamp

plain = FloatStep()
def run(count):
    now = 0
    for _ in range(count):
        plain.step(now)
        now += 100
"""

_ALLOCATED = """
import gc
run(100)
gc.collect()
gc.disable()
before = gc.mem_alloc()
run(1)
after_one = gc.mem_alloc()
run(1001)
print((gc.mem_alloc() - after_one - (after_one - before)) / 1000)
"""

_TIMED = """
import time
run(100)
start = time.ticks_us()
run(20000)
print(time.ticks_diff(time.ticks_us(), start) / 20000)
"""


def main() -> None:
    folders = [FIRMWARE, PORTABLE]
    for name in ("unix", "wasm32"):
        for what, prepare in (("davy's step", PREPARE), ("plain float step", _FLOAT)):
            allocated = float(interpreters.run(name, prepare + _ALLOCATED, folders))
            print(f"{what} allocates {allocated:.1f} bytes on {name}")
    ours, plain = fuel_of(PREPARE, folders), fuel_of(_FLOAT, folders)
    print(f"exact 32-bit cost of a step: {ours:,.0f} fuel; plain float step {plain:,.0f}: ratio {ours / plain:.2f}")
    print(
        f"  against {BASELINE_FUEL:,} before the other sensors, states and checks: {ours / BASELINE_FUEL:.2f} (limit 2)"
    )
    ours_us = float(interpreters.run("unix", PREPARE + _TIMED, folders))
    plain_us = float(interpreters.run("unix", _FLOAT + _TIMED, folders))
    print(f"on the unix port: {ours_us:.2f} us; plain float step {plain_us:.2f} us: ratio {ours_us / plain_us:.2f}")


if __name__ == "__main__":
    main()

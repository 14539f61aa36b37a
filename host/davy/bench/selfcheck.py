"""Is the bench sound? Asked before any device is judged: supply, relay, coil meter, and the stimulus looped back."""

from __future__ import annotations

from collections.abc import Callable

from davy.bench.bench import Bench
from davy.bench.errors import BenchError
from davy.bench.results import Measurement
from davy.bench.rig import OUTPUTS

#: As Recorder.measure: name, value, unit, low, high, marginal.
Measure = Callable[[str, float | None, str, float | None, float | None, float | None], Measurement]

#: A relay's contacts and a supply's capacitors take their time.
_SETTLE_S = 0.5
#: 5 V +-5 %, as USB allows; 12 V +-5 %.
_SUPPLY_V, _COIL_BUS_V = (4.75, 5.25), (11.4, 12.6)
_OFF_V = 0.3
#: Where the loop-back reads well: the ESP32's ADC is linear from 150 to 2450 mV [S].
_LOOP_UV = (300_000, 1_200_000, 2_100_000)
#: The ADC's calibrated error at 11 dB, beside the DAC's own [R].
_LOOP_TOLERANCE_UV = 30_000
_IDLE_COIL_UA = 2_000


def check_bench(bench: Bench, measure: Measure) -> None:
    """Leaves the device without power. Raises BenchError (cause `self_check`) naming everything that is out of its limits."""
    rig, clock = bench.rig, bench.clock
    wrong: list[Measurement] = []

    def take(name: str, value: float, unit: str, low: float, high: float) -> None:
        measured = measure(name, value, unit, low, high, None)
        if measured.verdict == "fail":
            wrong.append(measured)

    rig.rest()
    clock.wait(_SETTLE_S)
    if "supply_uv" in rig.readings:
        take("bench_supply", rig.reading("supply_uv") / 1e6, "V", *_SUPPLY_V)
    if "coil_bus_uv" in rig.readings:
        take("bench_coil_supply", rig.reading("coil_bus_uv") / 1e6, "V", *_COIL_BUS_V)
    rig.set("power", 0)
    clock.wait(_SETTLE_S)
    if "supply_uv" in rig.readings:
        take("bench_supply_off", rig.reading("supply_uv") / 1e6, "V", 0.0, _OFF_V)
    if "coil_ua" in rig.readings:
        take(
            "bench_idle_coil_current", rig.reading("coil_ua") / 1000, "mA", -_IDLE_COIL_UA / 1000, _IDLE_COIL_UA / 1000
        )
    for gas in ("methane", "co"):
        if f"{gas}_loop_uv" in rig.readings and f"{gas}_uv" in rig.outputs:
            for uv in _LOOP_UV:
                rig.set(f"{gas}_uv", uv)
                clock.wait(0.05)
                error_mv = (rig.reading(f"{gas}_loop_uv") - uv) / 1000
                limit_mv = _LOOP_TOLERANCE_UV / 1000
                take(f"bench_{gas}_loop_at_{uv // 1000}_mV", error_mv, "mV", -limit_mv, limit_mv)
            rig.set(f"{gas}_uv", OUTPUTS[f"{gas}_uv"].rest)
    if wrong:
        words = ", ".join(f"{each.name} {each.value:g} {each.unit} (not {each.low:g}..{each.high:g})" for each in wrong)
        raise BenchError(
            "self_check",
            f"bench {bench.name}",
            f"measures wrong: {words}",
            "mend it: docs/rig.md says how to check each",
        )

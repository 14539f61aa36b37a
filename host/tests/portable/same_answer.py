# A long recorded life of the safety core, made from a seed by integers only, and one number that depends on every
# output of every step. The same seed must give the same number on every interpreter.
from array import array

from safety_bench import Bench, uv_of_ppm

MASK = 0x3FFFFFF


class Dice:
    # Linear congruence within 31 bits on the way.
    def __init__(self, seed):
        self.state = seed & 0xFFFF

    def below(self, count):
        self.state = (self.state * 4_093 + 12_289) & 0x3FFFF
        return (self.state >> 4) % count


def mix(digest, value):
    return (digest * 31 + (value & 0xFFFF) + 7) & 0xFFFFFF


def co_sensor(seed):
    # The seeds take turns between the three kinds: None is the bench's MQ-7.
    from safety.co_cell import CellCircuit, CoCell
    from safety.co_serial import CoSerial

    if seed % 3 == 0:
        return CoCell(CellCircuit(400_000, 1_200_000, 1_525), 2_000, 250)
    return CoSerial() if seed % 3 == 1 else None


def life(seed, steps):
    # Allocates nothing in its loop: so it may last as long as one likes, on the smallest heap.
    dice = Dice(seed)
    bench = Bench(start_ms=(1 << 30) - 1 - 300_000, co=co_sensor(seed))
    loop = bench.loop
    levels = [uv_of_ppm(ppm) for ppm in (300, 3_000, 4_500, 6_000, 9_000, 14_000, 40_000)]
    levels += [0, -1, 100_000, 1_900_000, 2_272_000, 3_100_000]
    co_levels = (295_000, 900_000, 1_600_000, 1_900_000, 2_000_000, 0, -1)
    coil_levels = (300_000, 300_000, 300_000, 0, 900_000)
    digest = seed & MASK
    left = 0
    cells = array("i", [0] * 5)
    for _ in range(steps):
        if left == 0:
            # A stretch of air, faults and hands: mostly long, so that alarms come about and end.
            left = 1 + dice.below(400)
            bench.methane.uv = levels[dice.below(len(levels))] if dice.below(3) else 436_000
            bench.methane.noise_uv = 0 if dice.below(12) == 0 else 1_000
            bench.co.uv = co_levels[dice.below(len(co_levels))] if dice.below(3) == 0 else 295_000
            bench.button.level = 1 if dice.below(4) == 0 else 0
            bench.contact.stuck = dice.below(2) if dice.below(10) == 0 else -2
            bench.store.works = dice.below(20) != 0
            bench.climate.works = dice.below(10) != 0
            bench.climate.cdegc = dice.below(7_000) - 1_500
            bench.climate.rh_permille = dice.below(1_000)
            bench.methane_heater.uv = 0 if dice.below(25) == 0 else 150_000
            bench.reference.uv = 1_100_000 if dice.below(25) == 0 else 1_250_000
            bench.coil.on_uv = coil_levels[dice.below(len(coil_levels))]
            bench.relay.pad = dice.below(2) if dice.below(25) == 0 else -2
            bench.tamper.level = 1 if dice.below(15) == 0 else 0
            loop.supervision.checks_wrong = 1 << 14 + dice.below(3) if dice.below(25) == 0 else 0
            loop.operation.test.memory_checked = dice.below(2) == 0
            loop.command = dice.below(5)
        left -= 1
        dt_ms = 100 if dice.below(500) else 100 + dice.below(2_000)
        loop.step(bench.now_ms)
        bench.now_ms = bench.now_ms + dt_ms if bench.now_ms < 0x3FFFF000 else bench.now_ms - 0x3FFFFFFF + dt_ms - 1
        digest = mix(digest, loop.run_state)
        digest = mix(digest, loop.methane_ppm)
        digest = mix(digest, loop.methane_status)
        digest = mix(digest, loop.methane_level)
        digest = mix(digest, loop.co_ppm)
        digest = mix(digest, loop.co_status)
        digest = mix(digest, loop.co_level)
        digest = mix(digest, loop.latched)
        digest = mix(digest, loop.valve_state)
        digest = mix(digest, loop.faults)
        digest = mix(digest, bench.relay.value)
        digest = mix(digest, bench.signals.value)
        digest = mix(digest, bench.heater.value)
        digest = mix(digest, bench.store.latch)
        digest = mix(digest, loop.supervision.climate.status)
        digest = mix(digest, loop.supervision.service.hours)
        digest = mix(digest, loop.supervision.baseline.permille)
        digest = mix(digest, loop.operation.test.result)
        digest = mix(digest, loop.operation.test.failed_items)
        digest = mix(digest, loop.operation.mute.left_ms)
        while loop.events.pop(cells):
            for at in range(5):
                digest = mix(digest, cells[at])
    return digest

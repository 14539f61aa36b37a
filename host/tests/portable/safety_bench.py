# A safety loop with drivers that the test owns: levels and microvolts are what the test says, outputs are remembered.
from safety.climate import Climate
from safety.co_cycle import CoCycle
from safety.concentration import SHORT_PERMILLE, Circuit, MqReading
from safety.curve import (
    MQ4_CLEAN_PERMILLE,
    MQ4_CLIMATE_CDEGC,
    MQ4_CLIMATE_DRY,
    MQ4_CLIMATE_WET,
    MQ4_PPM,
    MQ4_RATIO_PERMILLE,
    MQ7_CLIMATE_CDEGC,
    MQ7_CLIMATE_DRY,
    MQ7_CLIMATE_WET,
    MQ7_PPM,
    MQ7_RATIO_PERMILLE,
)
from safety.kept import Kept
from safety.loop import SafetyLoop
from safety.probe import CoilWatch, Probe
from safety.profile import GB15322_HOUSEHOLD
from safety.supervision import ClimateCurve
from safety.valve import HeldValve

STEP_MS = 100
CLEAN_UV = 436_000
CO_CLEAN_UV = 295_000


class Adc:
    # Adds a small saw tooth, as a living sensor has noise.
    def __init__(self, uv):
        self.uv = uv
        self.noise_uv = 1_000
        self._at = 0

    def read_uv(self):
        self._at = (self._at + 1) % 3
        return self.uv + self._at * self.noise_uv if self.uv > 0 else self.uv


class Level:
    def __init__(self, level):
        self.level = level

    def read(self):
        return self.level


class Output:
    def __init__(self):
        self.value = -1
        self.pad = -2  # what the pad shows instead, when it is not what was set

    def set(self, value):
        self.value = value

    def read(self):
        return self.value if self.pad == -2 else self.pad


class Coil:
    # Current while the relay is driven.
    def __init__(self, relay):
        self._relay = relay
        self.on_uv = 300_000
        self.off_uv = 0

    def read_uv(self):
        return self.on_uv if self._relay.value == 1 else self.off_uv


class ClimateSensor:
    def __init__(self):
        self.cdegc = 2_000
        self.rh_permille = 650
        self.works = True
        self.started = 0

    def start(self):
        self.started += 1

    def fetch(self):
        return self.works


class Contact:
    # Follows the relay, as a sound valve's does.
    def __init__(self, relay):
        self._relay = relay
        self.stuck = -2

    def read(self):
        if self.stuck != -2:
            return self.stuck
        return 0 if self._relay.value == 1 else 1


class Store:
    # Slots as safety.kept has them.
    def __init__(self):
        self.values = [0, 0, 0]
        self.works = True
        self.writes = 0

    @property
    def latch(self):
        return self.values[0]

    def load(self):
        return tuple(self.values)

    def save(self, slot, value):
        if self.works:
            self.values[slot] = value
            self.writes += 1
        return self.works


def methane_circuit():
    return Circuit(5_000_000, 20_000, 20_000, 12_000, 10_000)


def co_circuit():
    return Circuit(5_000_000, 20_000, 5_000, 12_000, 10_000)


class Bench:
    # co: a CO sensor of another kind than the MQ-7; profile: another than the household's; store_failed: unreadable.
    def __init__(
        self, start_ms=0, store=None, with_co=True, store_failed=False, circuit=None, valve=None, co=None, profile=None,
        faults=0, with_coil=True,
    ):  # fmt: skip
        self.now_ms = start_ms
        self.methane = Adc(CLEAN_UV)
        self.co = Adc(CO_CLEAN_UV)
        self.methane_heater, self.co_heater, self.reference = Adc(150_000), Adc(150_000), Adc(1_250_000)
        self.climate = ClimateSensor()
        self.tamper = Level(0)
        self.button = Level(0)
        self.relay = Output()
        self.coil = Coil(self.relay)
        self.signals = Output()
        self.heater = Output()
        self.contact = Contact(self.relay)
        self.store = Store() if store is None else store
        profile = GB15322_HOUSEHOLD if profile is None else profile
        stuck = profile["stuck_ms"] // STEP_MS
        reading = MqReading(
            circuit or methane_circuit(), MQ4_RATIO_PERMILLE, MQ4_PPM, profile["methane_range_ppm"], stuck
        )
        co_reading = None
        if with_co:
            co_reading = MqReading(co_circuit(), MQ7_RATIO_PERMILLE, MQ7_PPM, profile["co_range_ppm"], stuck)
        drivers = {
            "methane": self.methane, "co": self.co, "heater": self.heater, "relay": self.relay,
            "contact": self.contact, "signals": self.signals, "button": self.button, "store": self.store,
            "coil": self.coil, "methane_heater": self.methane_heater, "co_heater": self.co_heater,
            "reference": self.reference, "climate": self.climate, "tamper": self.tamper,
        }  # fmt: skip
        short_uv = co_circuit().full_uv() // 1000 * SHORT_PERMILLE
        coil = CoilWatch(100_000, 500_000) if with_coil else None
        parts = {
            "methane": reading,
            "methane_clean_permille": MQ4_CLEAN_PERMILLE,
            "methane_climate": ClimateCurve(MQ4_CLIMATE_CDEGC, MQ4_CLIMATE_DRY, MQ4_CLIMATE_WET),
            "methane_heater": Probe(110_000, 250_000),
            "co": co or CoCycle(co_reading, short_uv),
            "co_climate": ClimateCurve(MQ7_CLIMATE_CDEGC, MQ7_CLIMATE_DRY, MQ7_CLIMATE_WET),
            "co_heater": Probe(110_000, 250_000) if with_co and co is None else None,
            "climate": Climate(True),
            "reference": Probe(1_200_000, 1_300_000),
            "valve": valve or HeldValve(profile["valve_travel_ms"], coil),
        }
        values = (-1, -1, -1) if store_failed else self.store.load()
        self.loop = SafetyLoop(profile, parts, drivers, Kept(values, self.store.save), faults)
        self.events = []
        self._cells = None

    def step(self, dt_ms=STEP_MS):
        self.loop.step(self.now_ms)
        self.now_ms = (self.now_ms + dt_ms) & 0x3FFFFFFF

    def run(self, seconds):
        for _ in range(int(seconds * 10)):
            self.step()
        self.drain()

    def drain(self):
        from array import array

        if self._cells is None:
            self._cells = array("i", [0] * 5)
        while self.loop.events.pop(self._cells):
            self.events.append(tuple(self._cells))

    def press(self):
        self.button.level = 1
        self.run(0.3)
        self.button.level = 0
        self.run(0.2)

    def ready(self):
        # Preheat over, valve opened by hand.
        self.run(185)
        self.press()
        return self

    def kinds(self):
        return [event[0] for event in self.events]


def uv_of_ppm(ppm, circuit=None, ratios=MQ4_RATIO_PERMILLE, ppms=MQ4_PPM):
    # The pin's voltage at a concentration, by search through the very table.
    from safety.concentration import curve_ppm

    circuit = circuit or methane_circuit()
    low, high = 150_000, circuit.full_uv()
    while high - low > 100:
        middle = (low + high) // 2
        if curve_ppm(ratios, ppms, circuit.ratio_permille(middle)) < ppm:
            low = middle
        else:
            high = middle
    return low


def uv_of_co(ppm):
    return uv_of_ppm(ppm, co_circuit(), MQ7_RATIO_PERMILLE, MQ7_PPM)

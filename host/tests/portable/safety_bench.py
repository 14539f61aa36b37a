# A safety loop with drivers that the test owns: levels and microvolts are what the test says, outputs are remembered.
from safety.co_cycle import CoCycle
from safety.concentration import SHORT_PERMILLE, Circuit, MqReading
from safety.curve import MQ4_PPM, MQ4_RATIO_PERMILLE, MQ7_PPM, MQ7_RATIO_PERMILLE
from safety.loop import SafetyLoop
from safety.profile import GB15322_HOUSEHOLD
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

    def set(self, value):
        self.value = value


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
    def __init__(self):
        self.latch = 0
        self.works = True
        self.writes = 0

    def save_latch(self, latched):
        if self.works:
            self.latch = latched
            self.writes += 1
        return self.works


def methane_circuit():
    return Circuit(5_000_000, 20_000, 20_000, 12_000, 10_000)


def co_circuit():
    return Circuit(5_000_000, 20_000, 5_000, 12_000, 10_000)


class Bench:
    def __init__(self, start_ms=0, store=None, with_co=True, store_failed=False, circuit=None, valve=None):
        self.now_ms = start_ms
        self.methane = Adc(CLEAN_UV)
        self.co = Adc(CO_CLEAN_UV)
        self.button = Level(0)
        self.relay = Output()
        self.signals = Output()
        self.heater = Output()
        self.contact = Contact(self.relay)
        self.store = Store() if store is None else store
        profile = GB15322_HOUSEHOLD
        stuck = profile["stuck_ms"] // STEP_MS
        reading = MqReading(
            circuit or methane_circuit(), MQ4_RATIO_PERMILLE, MQ4_PPM, profile["methane_range_ppm"], stuck
        )
        co = MqReading(co_circuit(), MQ7_RATIO_PERMILLE, MQ7_PPM, profile["co_range_ppm"], stuck) if with_co else None
        drivers = {
            "methane": self.methane, "co": self.co, "heater": self.heater, "relay": self.relay,
            "contact": self.contact, "signals": self.signals, "button": self.button, "store": self.store,
        }  # fmt: skip
        short_uv = co_circuit().full_uv() // 1000 * SHORT_PERMILLE
        self.loop = SafetyLoop(
            profile,
            reading,
            CoCycle(co, short_uv),
            valve or HeldValve(profile["valve_travel_ms"]),
            drivers,
            self.store.latch,
            store_failed,
            0,
        )
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

# Visits every state that the decisions can be in, by every class of input and of time, and checks in each step what
# must never happen. Run as a script it prints how many states there are, or the way into the first breach.
#
# The classes: a reading is clean, between clear threshold and set-point, above it, far above it, over the range, broken,
# or settling; the button is up or down; the contact follows or sticks; a command comes over a link, a known one or not, or
# none; a step is short or long. Persistence times are shrunk to a few units that keep their order: the code compares
# counters with thresholds and does nothing else with them, so no branch is lost, and counters are cut off one above their
# threshold. What is looked at once a second only sets fault bits; it is left out here and has cases of its own.
from safety_bench import ClimateSensor, Contact, Level, Output, Store

from safety import button, co_dose, codes, self_test
from safety.climate import Climate
from safety.kept import Kept
from safety.loop import SafetyLoop
from safety.profile import PROFILES
from safety.valve import HeldValve

UNIT_MS = 100
PREHEAT = 5  # units: longer than a button needs to be seen
SIREN = 8
YELLOW = 2

METHANE = (
    (codes.OK, 0),
    (codes.OK, 4_500),
    (codes.OK, 6_000),
    (codes.OK, 14_000),
    (codes.SATURATED, 0),
    (codes.OPEN, 0),
    (codes.WARMING, 0),
)
CO = ((codes.OK, 0), (codes.OK, 80), (codes.OK, 300), (codes.OPEN, 0))
TIMES_MS = (UNIT_MS, 2 * UNIT_MS)
COMMANDS = (codes.COMMAND_CLOSE_VALVE, codes.COMMAND_MUTE, codes.COMMAND_SELF_TEST, 9)
MUTE = 4


class Reading:
    # Stands for sensor and filter: the explorer says what they found.
    def __init__(self):
        self.status = codes.OK
        self.value_ppm = 0
        self.heater_permille = 0

    def sample(self, uv):
        pass

    def compensate(self, permille):
        pass

    def wants_sample(self, dt_ms):
        return True

    def read_uv(self):
        return 0


def shrunk_profile(name):
    profile = dict(PROFILES[name])
    units = {
        "warning_ms": 1, "alarm_ms": 3, "urgent_ms": 1, "clear_ms": 1, "blind_ms": 1, "preheat_ms": PREHEAT,
        "preheat_alarm_ms": 2, "fault_ms": 1, "fault_clear_ms": 1, "fault_closes_ms": 2, "valve_travel_ms": 1,
    }  # fmt: skip
    for name, count in units.items():
        profile[name] = count * UNIT_MS
    profile["deadline_ms"] = 10 * UNIT_MS
    profile["mute_ms"] = MUTE * UNIT_MS
    profile["co_points"] = ((50, 0), (70, 1))
    return profile


class Machine:
    def __init__(self, profile):
        button.LONG_MS = 2 * UNIT_MS
        co_dose.FULL = 2
        self_test.SHOW_MS, self_test.LEAST_MS, self_test.MEMORY_WITHIN_MS = UNIT_MS, 4 * UNIT_MS, 4 * UNIT_MS
        stand_ins: dict = {"methane": Reading(), "co": Reading()}
        self.methane, self.co = stand_ins["methane"], stand_ins["co"]
        self.relay, self.signals, self.store = Output(), Output(), Store()
        self.contact, self.button = Contact(self.relay), Level(0)
        drivers = {
            "methane": self.methane, "co": self.co, "heater": Output(), "relay": self.relay, "contact": self.contact,
            "signals": self.signals, "button": self.button, "store": self.store, "coil": self.methane,
            "tamper": Level(0), "climate": ClimateSensor(),
        }  # fmt: skip
        curve: dict = {"stand_in": _Flat()}
        parts = {
            "methane": self.methane, "co": self.co, "valve": HeldValve(UNIT_MS), "climate": Climate(False),
            "methane_clean_permille": 4_380, "methane_climate": curve["stand_in"], "co_climate": None,
            "methane_heater": None, "co_heater": None, "reference": None,
        }  # fmt: skip
        kept = Kept(self.store.load(), self.store.save)
        self.loop = SafetyLoop(shrunk_profile(profile), parts, drivers, kept, 0)
        self.loop._co_alarm._rate[1] = 1
        self.loop._co_alarm._recovery = 1
        self.loop.step(0)
        self._parts = self._fields()

    def _fields(self):
        # (object, attribute, cut-off in units or -1): everything that a step reads or writes.
        loop, gas, co = self.loop, self.loop._methane_alarm, self.loop._co_alarm
        test, mute = loop.operation.test, loop.operation.mute
        fields: list = [(loop, name, -1) for name in (
            "run_state", "methane_ppm", "methane_status", "methane_level", "co_ppm", "co_status", "co_level", "latched",
            "valve_state", "valve_commanded", "faults", "_watching",
        )]  # fmt: skip
        fields += [(loop, "_settling_ms", PREHEAT)]
        fields += [(gas, "level", -1), (gas, "_above_warning_ms", 1), (gas, "_above_critical_ms", 3)]
        fields += [(gas, "_above_urgent_ms", 2), (gas, "_below_ms", 1)]
        fields += [(co, "level", -1), (co, "dose", -1), (co, "_above_ms", 1), (co, "_below_ms", 1)]
        fields += [(loop.valve, "commanded_open", -1), (loop.valve, "state", -1), (loop.valve, "fault", -1)]
        fields += [(loop.valve, "_differs_ms", 2), (loop.health, "bits", -1)]
        fields += [(loop._button, "_released", -1), (loop._button, "_steps", -1), (loop._button, "_down_ms", 2)]
        fields += [(self.relay, "value", -1), (self.signals, "value", -1)]
        fields += [(loop.outputs, "relay", -1), (loop.outputs, "_signals", -1)]
        fields += [(test, "result", -1), (test, "moves_valve", -1), (test, "_age_ms", 4)]
        fields += [(mute, "left_ms", -1), (mute, "_methane", -1), (mute, "_co", -1), (mute, "_faults", -1)]
        return fields

    def _forget_what_is_not_read(self):
        # A test that does not run and a silence that is over leave numbers behind that nobody looks at.
        test, mute = self.loop.operation.test, self.loop.operation.mute
        if test.result != codes.TEST_RUNNING:
            test.result = codes.TEST_NONE
            test._age_ms = 0
        test.failed_items = test.tested_items = 0
        if mute.left_ms == 0:
            mute._methane = mute._co = mute._faults = 0

    def save(self):
        self._forget_what_is_not_read()
        state = []
        for owner, name, most in self._parts:
            value = getattr(owner, name)
            if most >= 0 and value > most * UNIT_MS:
                value = most * UNIT_MS
            state.append(value)
        health = self.loop.health
        state.extend([min(ms, 3 * UNIT_MS) for ms in health._wrong_ms[:3]])
        state.extend([min(ms, UNIT_MS) for ms in health._right_ms[:4]])
        return tuple(state)

    def load(self, state):
        for at, (owner, name, _) in enumerate(self._parts):
            setattr(owner, name, state[at])
        at = len(self._parts)
        health = self.loop.health
        for bit in range(3):
            health._wrong_ms[bit] = state[at + bit]
        for bit in range(4):
            health._right_ms[bit] = state[at + 3 + bit]
        # The store works, and takes the latch in the step that sets it. The memory of alarms decides nothing.
        kept = self.loop.kept
        kept.wanted[0] = kept.stored[0] = self.loop.latched
        kept.wanted[1] = kept.stored[1] = 0
        kept.pending = False

    def step(self, methane, co, down, stuck, dt_ms, command=0):
        loop = self.loop
        self.methane.status, self.methane.value_ppm = methane
        self.co.status, self.co.value_ppm = co
        self.button.level = down
        self.contact.stuck = 0 if stuck else -2
        loop.command = command
        loop._annunciator._at = loop._annunciator._cycle = 0
        loop._steps_left = 5
        loop.now_ms = 0
        loop.step(dt_ms)
        loop.events._held = 0
        loop.events._first = 0


class _Flat:
    def permille(self, cdegc, rh_permille):
        return 1000


def breaches(before, machine, methane, co, down, dt_ms, command):
    # What must never happen, by name; `before` is (latched, commanded, methane level, settling, wrong for) of the step.
    loop = machine.loop
    latched, commanded, level, settling_ms, wrong_ms, testing = before[:6]
    mute, test = loop.operation.mute, loop.operation.test
    found = []
    if command and not down and ((loop.valve_commanded and not commanded) or (latched and not loop.latched)):
        found.append("a link command opened")
    if loop.latched and (loop.valve.commanded_open or machine.relay.value):
        found.append("valve open while latched")
    if latched and not loop.latched and not down:
        found.append("latch gone without the button")
    critical = codes.CRITICAL in (loop.methane_level, loop.co_level)
    if critical and not machine.signals.value & SIREN:
        found.append("critical and silent")
    if critical and mute.left_ms:
        found.append("muted while critical")
    if before[7] and mute.left_ms and loop.methane_level > level:
        found.append("muted through a rise")
    if test.moves_valve and not (testing and down) and not before[6]:
        found.append("a test that moves the valve without a long press")
    if test.result == codes.TEST_RUNNING and (loop.latched or critical):
        found.append("a test goes on in an alarm")
    if loop._low_latches and loop.methane_level and not loop.latched:
        found.append("a low alarm that should latch and does not")
    if critical and (not loop.latched or machine.relay.value):
        found.append("critical and the valve not shut and latched")
    if loop.health.bits and not machine.signals.value & YELLOW:
        found.append("fault hidden by the lamp")
    if loop.faults != loop.health.bits:
        found.append("fault hidden from reports")
    broken = methane[0] == codes.OPEN
    if broken and wrong_ms + dt_ms >= UNIT_MS and not loop.faults & 1 << codes.FAULT_METHANE_SENSOR:
        found.append("a broken sensor without a fault")
    if broken and wrong_ms + dt_ms >= 2 * UNIT_MS and machine.relay.value:
        found.append("valve open with the methane sensor broken for long")
    if loop.methane_status != codes.OK and (loop.methane_ppm or loop.methane_lel_permille):
        found.append("a fault turned into a concentration")
    if loop.methane_level < level and (methane[0] != codes.OK or methane[1] >= 4_000):
        found.append("an alarm ended without clean air")
    if machine.relay.value and not commanded:
        if not down:
            found.append("the valve opened without the button")
        if settling_ms + dt_ms < PREHEAT * UNIT_MS or methane[0] != codes.OK or methane[1] >= 4_000 or critical:
            found.append("the valve opened where it must not")
    return found


# What an exploration varies: everything, or one gas at a time for a test that should not take minutes.
ALL = (METHANE, CO)
METHANE_ONLY = (METHANE, CO[:1])
CO_BESIDE = ((METHANE[0], METHANE[5]), CO)


def explore(classes, most_states, profile="gb15322_household"):
    machine = Machine(profile)
    start = machine.save()
    seen = {start: None}
    frontier = [start]
    steps = 0
    inputs = [
        (methane, co, down, stuck, dt_ms, command)
        for methane in classes[0] for co in classes[1] for down in (0, 1) for stuck in (0, 1) for dt_ms in TIMES_MS
        for command in (0, *COMMANDS)
        # A stuck contact and CO each meet every methane class, but not each other: neither reads the other.
        if not (stuck and co != CO[0])
        # Commands meet every state and every air, with the button up, a sound contact and one length of step.
        and not (command and (down or stuck or dt_ms != UNIT_MS))
    ]  # fmt: skip
    while frontier:
        fresh = []
        for state in frontier:
            for chosen in inputs:
                machine.load(state)
                loop = machine.loop
                before = (
                    loop.latched, loop.valve_commanded, loop.methane_level, loop._settling_ms,
                    loop.health._wrong_ms[codes.FAULT_METHANE_SENSOR],
                    loop.operation.test.result == codes.TEST_RUNNING, loop.operation.test.moves_valve,
                    loop.operation.mute.left_ms,
                )  # fmt: skip
                machine.step(*chosen)
                steps += 1
                found = breaches(before, machine, chosen[0], chosen[1], chosen[2], chosen[4], chosen[5])
                if found:
                    return "BREACH %s after %d states, by %s" % (found[0], len(seen), chosen)
                after = machine.save()
                if after not in seen:
                    seen[after] = None
                    fresh.append(after)
            if len(seen) > most_states:
                return "INCOMPLETE after %d states" % len(seen)
        frontier = fresh
    return "COMPLETE %d states, %d steps" % (len(seen), steps)

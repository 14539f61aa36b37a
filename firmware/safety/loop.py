# The one loop: sample, convert, decide, act. step() is called each 100 ms with the time; it asks nobody.
#
# What reports read are the plain attributes of this object. What is asked of it from outside is one number, `command`,
# taken up by the next step. Drivers are given, and do three things: read_uv() gives microvolts or a negative number,
# read() gives a level, set() takes one; the store's save() says whether it held.
from safety.alarm import GasAlarm
from safety.annunciator import Annunciator
from safety.button import Button
from safety.co_dose import CoAlarm
from safety.codes import (
    ABSENT,
    CO,
    COMMAND_NONE,
    CRITICAL,
    EVENT_ALARM,
    EVENT_CLEAR,
    EVENT_LATCHED,
    EVENT_PREHEAT_DONE,
    EVENT_RELEASED,
    EVENT_VALVE,
    FAULT_CO_SENSOR,
    FAULT_EVENT_OVERFLOW,
    FAULT_INTERNAL,
    FAULT_LATCH_STORE,
    FAULT_LOOP_DEADLINE,
    FAULT_METHANE_SENSOR,
    FAULT_VALVE_COIL,
    FAULT_VALVE_CURRENT,
    FAULT_VALVE_FEEDBACK,
    FAULT_VALVE_LEAKING,
    HEATER,
    METHANE,
    NO_GAS,
    NORMAL,
    OK,
    RUN_FAULT,
    RUN_STARTING,
    TICKS_MASK,
    VALVE_UNKNOWN,
    WARMING,
)
from safety.concentration import MqReading
from safety.events import EventRing
from safety.health import Health, is_fault
from safety.kept import LATCH, MEMORY, Kept
from safety.operation import Operation
from safety.outputs import Outputs
from safety.signals import FAILED
from safety.supervision import Supervision
from safety.valve import HeldValve

_FIRST_DT_MS = 100
_LONGEST_DT_MS = 60_000  # a longer gap between steps is counted as this much
_SECOND_STEPS = 10


class SafetyLoop:
    # parts: methane, co, valve and what Supervision takes; kept: what the store holds; faults: bits that the start found.
    def __init__(self, profile: dict, parts: dict, drivers: dict, kept: Kept, faults: int) -> None:
        self.now_ms = 0
        self.run_state = RUN_STARTING
        self.methane_ppm = 0
        self.methane_lel_permille = 0
        self.methane_status = WARMING
        self.methane_level = NORMAL
        self.co_ppm = 0
        self.co_status = parts["co"].status
        self.co_level = NORMAL
        # A latch that cannot be read may have been set.
        self.latched = 1 if kept.stored[LATCH] else 0
        self.valve_state = VALVE_UNKNOWN
        self.valve_commanded = 0
        self.contact = 0
        self.faults = faults
        self.lost_events = 0
        self.events = EventRing()
        self.failed = False
        self.command = COMMAND_NONE
        self.kept = kept
        self.valve: HeldValve = parts["valve"]
        self.clear_ppm = profile["methane_clear_ppm"]
        self.health = Health(self.events, profile["fault_ms"], profile["fault_clear_ms"])
        self.health.bits = faults
        self.operation = Operation(self, profile["mute_ms"])
        self.supervision = Supervision(parts, drivers, self.health, self.events, kept, profile["service_hours"])
        self.methane: MqReading = parts["methane"]
        self.co = parts["co"]
        self._read_methane_uv = drivers["methane"].read_uv
        self._read_co = drivers["co"].read_uv
        self._read_button = drivers["button"].read
        self._read_contact = drivers["contact"].read
        self._read_coil_uv = drivers["coil"].read_uv
        self.outputs = Outputs(drivers)
        self._button = Button()
        self._methane_alarm = GasAlarm(
            profile["methane_set_point_ppm"],
            profile["methane_critical_ppm"],
            profile["methane_urgent_ppm"],
            profile["methane_clear_ppm"],
            profile,
        )
        self._co_alarm = CoAlarm(profile)
        self._annunciator = Annunciator(bool(profile["low_sounds"]))
        self._low_latches = bool(profile["low_latches"])
        self._lel_ppm = profile["lel_ppm"]
        self._blind_ms = profile["blind_ms"]
        self._preheat_ms = profile["preheat_ms"]
        self._fault_closes_ms = profile["fault_closes_ms"]
        self._deadline_ms = profile["deadline_ms"]
        self._started = False
        self._watching = False
        self._settling_ms = 0
        self._steps_left = 0
        self._slow_ms = 0
        if -1 in kept.stored:
            self.health.set(FAULT_LATCH_STORE, 0, NO_GAS, 0)
            kept.want(LATCH, self.latched)

    def step(self, now_ms: int) -> None:
        # now_ms: ticks, 0..2**30-1, wrapping.
        if self._started:
            dt_ms = (now_ms - self.now_ms) & TICKS_MASK
            if dt_ms > self._deadline_ms:
                if dt_ms > _LONGEST_DT_MS:
                    dt_ms = _LONGEST_DT_MS
                self.health.set(FAULT_LOOP_DEADLINE, now_ms, NO_GAS, 0)
        else:
            self._started = True
            dt_ms = _FIRST_DT_MS
        self.now_ms = now_ms
        preheating = self._settling_ms < self._preheat_ms
        if preheating:
            self._settle(now_ms, dt_ms)
        self._sample(dt_ms)
        self._decide(dt_ms, preheating)
        if self.methane_status or self.co_status or self.health.bits or self._watching:
            self._watch(now_ms, dt_ms)
        pressed = self._button.look(self._read_button(), dt_ms)
        if pressed:
            self.operation.by_hand(pressed, preheating)
        if self.command:
            self._take_command(preheating)
        self._read_valve(now_ms, dt_ms)
        self._slow_ms += dt_ms
        self._steps_left -= 1
        if self._steps_left < 0:
            self._steps_left = _SECOND_STEPS - 1
            self._each_second(now_ms)
        if self.operation.busy():
            self.operation.step(self.health.bits, dt_ms)
        self._act(preheating, dt_ms)

    def _settle(self, now_ms: int, dt_ms: int) -> None:
        self._settling_ms += dt_ms
        if self._settling_ms >= self._preheat_ms:
            self.events.push(EVENT_PREHEAT_DONE, now_ms, NO_GAS, 0, 0)

    def _sample(self, dt_ms: int) -> None:
        methane = self.methane
        methane.sample(self._read_methane_uv())
        status = methane.status
        if status == OK:
            if self.supervision.heater_cold:
                status = HEATER
            elif self._settling_ms < self._blind_ms:
                status = WARMING
        self.methane_status = status
        if status:
            self.methane_ppm = 0
            self.methane_lel_permille = 0
        else:
            self.methane_ppm = ppm = methane.value_ppm
            self.methane_lel_permille = ppm * 1000 // self._lel_ppm
        co = self.co
        if co.wants_sample(dt_ms):
            co.sample(self._read_co())
            self.co_status = co.status
            self.co_ppm = co.value_ppm

    def _decide(self, dt_ms: int, preheating: bool) -> None:
        methane, co = self._methane_alarm, self._co_alarm
        if (self.methane_ppm >= self.clear_ppm or self.methane_status or not methane.quiet()) and (
            methane.decide(self.methane_status, self.methane_ppm, dt_ms, preheating)
        ):
            self.methane_level = methane.level
            self._level_changed(METHANE, methane.level, self.methane_ppm)
        if (self.co_ppm or self.co_status or not co.quiet()) and (co.decide(self.co_status, self.co_ppm, dt_ms, False)):
            self.co_level = co.level
            self._level_changed(CO, co.level, self.co_ppm)

    def worst_level(self) -> int:
        return self.methane_level if self.methane_level > self.co_level else self.co_level

    def _take_command(self, preheating: bool) -> None:
        command, self.command = self.command, COMMAND_NONE
        self.operation.command(command, preheating)

    def _level_changed(self, gas: int, level: int, ppm: int) -> None:
        self.events.push(EVENT_ALARM if level else EVENT_CLEAR, self.now_ms, gas, level, ppm)
        latches = level == CRITICAL or (level != NORMAL and gas == METHANE and self._low_latches)
        if latches and not self.latched:
            self.latched = 1
            self.kept.want(LATCH, 1)
            self.events.push(EVENT_LATCHED, self.now_ms, NO_GAS, 0, 0)
        if level == CRITICAL:
            self.kept.want(MEMORY, self.kept.wanted[MEMORY] | 1 << gas - 1)

    def release(self) -> None:
        # By hand only: the caller has seen the button, and that nothing speaks against it.
        if self.latched:
            self.latched = 0
            self.kept.want(LATCH, 0)
            self.events.push(EVENT_RELEASED, self.now_ms, NO_GAS, 0, 0)
        self.valve.open_by_hand()

    def _watch(self, now_ms: int, dt_ms: int) -> None:
        health = self.health
        methane, co = self.methane_status, self.co_status
        # Once more after the last trouble, so that a passing one leaves no time behind.
        self._watching = is_fault(methane) or is_fault(co)
        health.watch(FAULT_METHANE_SENSOR, is_fault(methane), now_ms, dt_ms, METHANE, methane)
        health.watch(FAULT_CO_SENSOR, co != ABSENT and is_fault(co), now_ms, dt_ms, CO, co)
        if health.bits:
            valve = self.valve
            health.watch(FAULT_VALVE_FEEDBACK, valve.fault, now_ms, dt_ms, NO_GAS, 0)
            health.watch(FAULT_VALVE_COIL, valve.coil_open(), now_ms, dt_ms, NO_GAS, 0)
            health.watch(FAULT_VALVE_CURRENT, valve.coil_over(), now_ms, dt_ms, NO_GAS, 0)
            health.watch(FAULT_VALVE_LEAKING, valve.tightness.leaking, now_ms, dt_ms, NO_GAS, 0)
            health.watch(FAULT_LOOP_DEADLINE, dt_ms > self._deadline_ms, now_ms, dt_ms, NO_GAS, 0)
            health.watch(FAULT_LATCH_STORE, self.kept.pending, now_ms, dt_ms, NO_GAS, 0)

    def _read_valve(self, now_ms: int, dt_ms: int) -> None:
        valve = self.valve
        self.contact = self._read_contact()
        if valve.read_back(self.contact, self.operation.test.moves_valve, dt_ms):
            self.valve_state = valve.state
            self.events.push(EVENT_VALVE, now_ms, NO_GAS, valve.state, 0)
        if valve.fault:
            self.health.set(FAULT_VALVE_FEEDBACK, now_ms, NO_GAS, 0)
        if valve.short_drive and self.outputs.relay > 0:
            self._read_coil(valve, now_ms, dt_ms)

    def _read_coil(self, valve: HeldValve, now_ms: int, dt_ms: int) -> None:
        if valve.coil is None:
            return
        valve.look_at_coil(self._read_coil_uv(), self.outputs.relay, dt_ms)
        if valve.coil_open():
            self.health.set(FAULT_VALVE_COIL, now_ms, NO_GAS, 0)
        if valve.coil_over():
            self.health.set(FAULT_VALVE_CURRENT, now_ms, NO_GAS, 0)

    def _each_second(self, now_ms: int) -> None:
        slow_ms, self._slow_ms = self._slow_ms, 0
        if not (self.valve.short_drive and self.outputs.relay > 0):
            self._read_coil(self.valve, now_ms, slow_ms)
        self.supervision.each_second(now_ms, slow_ms, self.outputs.relay, self.valve.coil_stuck_on())
        if self.latched or self.valve.tightness.leaking:
            gas = self.methane_level == CRITICAL and self.methane_status == OK and self.contact == 1
            self.valve.tightness.look(gas, self.methane_ppm, slow_ms)
            if self.valve.tightness.leaking:
                self.health.set(FAULT_VALVE_LEAKING, now_ms, NO_GAS, 0)
        self.outputs.renew()

    def _act(self, preheating: bool, dt_ms: int) -> None:
        valve = self.valve
        if self.latched or self.health.wrong_for_ms(FAULT_METHANE_SENSOR) >= self._fault_closes_ms:
            valve.close()
        elif valve.fail_level == 0 and valve.coil_over():
            valve.close()  # held by a coil that draws too much: let go
        self.valve_commanded = 1 if valve.commanded_open else 0
        self._note_loss()
        self.faults = self.health.bits
        self.run_state = self._annunciator.express(self, preheating)
        relay = valve.output(dt_ms)
        self.outputs.show(relay, self._annunciator.signals(self), self.co.heater_permille)
        # After the valve: a write to flash takes its time.
        if self.kept.pending and not self.kept.step():
            self.health.set(FAULT_LATCH_STORE, self.now_ms, NO_GAS, 0)

    def _note_loss(self) -> None:
        if self.events.lost != self.lost_events:
            self.lost_events = self.events.lost
            self.health.set(FAULT_EVENT_OVERFLOW, self.now_ms, NO_GAS, 0)

    def fail_safe(self) -> None:
        # A step raised: valve shut, fault shown, and the caller stops feeding the watchdog.
        self.failed = True
        self.valve_commanded = 0
        self.faults |= 1 << FAULT_INTERNAL
        self.run_state = RUN_FAULT
        self.outputs.fail_safe(self.valve.fail_level, FAILED)
        # What the step decided before it failed outlives the reset that the watchdog will bring.
        self.kept.step()

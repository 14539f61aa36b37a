# The one loop: sample, convert, decide, act. step() is called each 100 ms with the time; it asks nobody.
#
# What reports read are the plain attributes of this object. Drivers are given, and do three things: read_uv() gives
# microvolts or a negative number, read() gives a level, set() takes one; the store's save_latch() says whether it held.
from safety.alarm import GasAlarm
from safety.button import HELD_LONG, PRESSED, Button
from safety.co_cycle import CoCycle
from safety.co_dose import CoAlarm
from safety.codes import (
    ABSENT,
    CO,
    CRITICAL,
    EVENT_ALARM,
    EVENT_BUTTON,
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
    FAULT_VALVE_FEEDBACK,
    METHANE,
    NO_GAS,
    NORMAL,
    OK,
    RUN_CRITICAL,
    RUN_FAULT,
    RUN_LATCHED,
    RUN_NORMAL,
    RUN_PREHEAT,
    RUN_STARTING,
    RUN_WARNING,
    TICKS_MASK,
    VALVE_UNKNOWN,
    WARMING,
    WARNING,
)
from safety.concentration import MqReading
from safety.events import EventRing
from safety.health import Health, is_fault
from safety.signals import CO_CRITICAL, FAILED, FAULT_OVERLAY, PATTERNS, STEPS
from safety.valve import HeldValve

_FIRST_DT_MS = 100
_LONGEST_DT_MS = 60_000  # a longer gap between steps is counted as this much
_REFRESH_STEPS = 10  # outputs are written anew this often, changed or not
_STORE_RETRY_STEPS = 100


class SafetyLoop:
    def __init__(
        self,
        profile: dict,
        methane: MqReading,
        co: CoCycle,
        valve: HeldValve,
        drivers: dict,
        latched: int,
        store_failed: bool,
        faults: int,
    ) -> None:
        self.now_ms = 0
        self.run_state = RUN_STARTING
        self.methane_ppm = 0
        self.methane_lel_permille = 0
        self.methane_status = WARMING
        self.methane_level = NORMAL
        self.co_ppm = 0
        self.co_status = co.status
        self.co_level = NORMAL
        self.latched = 1 if latched else 0
        self.valve_state = VALVE_UNKNOWN
        self.valve_commanded = 0
        self.faults = faults
        self.lost_events = 0
        self.events = EventRing()
        self.failed = False
        self._methane = methane
        self._co = co
        self._read_methane_uv = drivers["methane"].read_uv
        self._read_co_uv = drivers["co"].read_uv
        self._read_button = drivers["button"].read
        self._read_contact = drivers["contact"].read
        self._set_relay = drivers["relay"].set
        self._set_signals = drivers["signals"].set
        self._set_heater = drivers["heater"].set
        self._save_latch = drivers["store"].save_latch
        self._button = Button()
        self._valve = valve
        self._relay_level = -1
        self._health = Health(self.events, profile["fault_ms"], profile["fault_clear_ms"])
        self._health.bits = faults
        self._methane_alarm = GasAlarm(
            profile["methane_set_point_ppm"],
            profile["methane_set_point_ppm"],
            profile["methane_urgent_ppm"],
            profile["methane_clear_ppm"],
            profile,
        )
        self._co_alarm = CoAlarm(profile)
        self._lel_ppm = profile["lel_ppm"]
        self._clear_ppm = profile["methane_clear_ppm"]
        self._blind_ms = profile["blind_ms"]
        self._preheat_ms = profile["preheat_ms"]
        self._fault_closes_ms = profile["fault_closes_ms"]
        self._deadline_ms = profile["deadline_ms"]
        self._started = False
        self._watching = False
        self._settling_ms = 0
        self._pattern_at = 0
        self._signals = -1
        self._refresh = 0
        self._heater_permille = -1
        self._store_wait = 0
        self._stored_latch = self.latched
        if store_failed:
            # A latch that cannot be read may have been set.
            self.latched = 1
            self._stored_latch = -1
            self._health.set(FAULT_LATCH_STORE, 0, NO_GAS, 0)

    def step(self, now_ms: int) -> None:
        # now_ms: ticks, 0..2**30-1, wrapping.
        if self._started:
            dt_ms = (now_ms - self.now_ms) & TICKS_MASK
            if dt_ms > self._deadline_ms:
                if dt_ms > _LONGEST_DT_MS:
                    dt_ms = _LONGEST_DT_MS
                self._health.set(FAULT_LOOP_DEADLINE, now_ms, NO_GAS, 0)
        else:
            self._started = True
            dt_ms = _FIRST_DT_MS
        self.now_ms = now_ms
        preheating = self._settling_ms < self._preheat_ms
        if preheating:
            self._settle(now_ms, dt_ms)

        self._sample(dt_ms)
        status = self.methane_status
        ppm = self.methane_ppm
        if (ppm >= self._clear_ppm or status or not self._methane_alarm.quiet()) and (
            self._methane_alarm.decide(status, ppm, dt_ms, preheating)
        ):
            self.methane_level = self._methane_alarm.level
            self._level_changed(METHANE, self.methane_level, ppm)
        if (self.co_ppm or self.co_status or not self._co_alarm.quiet()) and (
            self._co_alarm.decide(self.co_status, self.co_ppm, dt_ms, False)
        ):
            self.co_level = self._co_alarm.level
            self._level_changed(CO, self.co_level, self.co_ppm)

        if status or self.co_status or self._health.bits or self._watching:
            self._watch(now_ms, dt_ms)
        pressed = self._button.look(self._read_button(), dt_ms)
        if pressed:
            self._pressed(pressed, preheating)
        if self._valve.read_back(self._read_contact(), dt_ms):
            self.valve_state = self._valve.state
            self.events.push(EVENT_VALVE, now_ms, NO_GAS, self.valve_state, 0)
        if self._valve.fault:
            self._health.set(FAULT_VALVE_FEEDBACK, now_ms, NO_GAS, 0)
        self._act(preheating, dt_ms)

    def _settle(self, now_ms: int, dt_ms: int) -> None:
        self._settling_ms += dt_ms
        if self._settling_ms >= self._preheat_ms:
            self.events.push(EVENT_PREHEAT_DONE, now_ms, NO_GAS, 0, 0)

    def _sample(self, dt_ms: int) -> None:
        methane = self._methane
        methane.sample(self._read_methane_uv())
        status = methane.status
        if status == OK and self._settling_ms < self._blind_ms:
            status = WARMING
        self.methane_status = status
        if status:
            self.methane_ppm = 0
            self.methane_lel_permille = 0
        else:
            self.methane_ppm = ppm = methane.value_ppm
            self.methane_lel_permille = ppm * 1000 // self._lel_ppm
        co = self._co
        if co.wants_sample(dt_ms):
            co.sample(self._read_co_uv())
            self.co_status = co.status
            self.co_ppm = co.value_ppm

    def _level_changed(self, gas: int, level: int, ppm: int) -> None:
        self.events.push(EVENT_ALARM if level else EVENT_CLEAR, self.now_ms, gas, level, ppm)
        if level == CRITICAL and not self.latched:
            self.latched = 1
            self.events.push(EVENT_LATCHED, self.now_ms, NO_GAS, 0, 0)

    def _watch(self, now_ms: int, dt_ms: int) -> None:
        health = self._health
        methane, co = self.methane_status, self.co_status
        # Once more after the last trouble, so that a passing one leaves no time behind.
        self._watching = is_fault(methane) or is_fault(co)
        health.watch(FAULT_METHANE_SENSOR, is_fault(methane), now_ms, dt_ms, METHANE, methane)
        health.watch(FAULT_CO_SENSOR, co != ABSENT and is_fault(co), now_ms, dt_ms, CO, co)
        if health.bits:
            health.watch(FAULT_VALVE_FEEDBACK, self._valve.fault, now_ms, dt_ms, NO_GAS, 0)
            health.watch(FAULT_LOOP_DEADLINE, dt_ms > self._deadline_ms, now_ms, dt_ms, NO_GAS, 0)
            health.watch(FAULT_LATCH_STORE, self._stored_latch != self.latched, now_ms, dt_ms, NO_GAS, 0)

    def _pressed(self, pressed: int, preheating: bool) -> None:
        self.events.push(EVENT_BUTTON, self.now_ms, NO_GAS, 1 if pressed == HELD_LONG else 0, 0)
        if pressed != PRESSED:
            return
        safe = (
            not preheating
            and self.methane_status == OK
            and self.methane_level == NORMAL
            and self.methane_ppm < self._clear_ppm
            and self.co_level == NORMAL
            and not self._health.has(FAULT_METHANE_SENSOR)
        )
        if not safe:
            return
        if self.latched:
            self.latched = 0
            self.events.push(EVENT_RELEASED, self.now_ms, NO_GAS, 0, 0)
        self._valve.open_by_hand()

    def _act(self, preheating: bool, dt_ms: int) -> None:
        if self.latched or self._health.wrong_for_ms(FAULT_METHANE_SENSOR) >= self._fault_closes_ms:
            self._valve.close()
        self.valve_commanded = 1 if self._valve.commanded_open else 0
        level = self._valve.output(dt_ms)
        self._refresh -= 1
        if level != self._relay_level or self._refresh < 0:
            # The valve before anything that may take time.
            self._set_relay(level)
            self._relay_level = level
        if self.latched != self._stored_latch:
            self._store_latch()
        if self.events.lost != self.lost_events:
            self.lost_events = self.events.lost
            self._health.set(FAULT_EVENT_OVERFLOW, self.now_ms, NO_GAS, 0)
        self.faults = faults = self._health.bits
        self.run_state = state = self._express(preheating)
        if state == RUN_CRITICAL and self.methane_level != CRITICAL:
            signals = CO_CRITICAL[self._pattern_at]
        else:
            signals = PATTERNS[state][self._pattern_at]
        if faults:
            signals |= FAULT_OVERLAY
        self._pattern_at = self._pattern_at + 1 if self._pattern_at < STEPS - 1 else 0
        if signals != self._signals or self._refresh < 0:
            self._set_signals(signals)
            self._signals = signals
        if self._co.heater_permille != self._heater_permille:
            self._heater_permille = self._co.heater_permille
            self._set_heater(self._heater_permille)
        if self._refresh < 0:
            self._refresh = _REFRESH_STEPS

    def _express(self, preheating: bool) -> int:
        methane, co = self.methane_level, self.co_level
        if methane == CRITICAL or co == CRITICAL:
            return RUN_CRITICAL
        if methane == WARNING or co == WARNING:
            return RUN_WARNING
        if self.latched:
            return RUN_LATCHED
        if self.faults:
            return RUN_FAULT
        return RUN_PREHEAT if preheating else RUN_NORMAL

    def _store_latch(self) -> None:
        if self._store_wait > 0:
            self._store_wait -= 1
            return
        if self._save_latch(self.latched):
            self._stored_latch = self.latched
        else:
            self._store_wait = _STORE_RETRY_STEPS
            self._health.set(FAULT_LATCH_STORE, self.now_ms, NO_GAS, 0)

    def fail_safe(self) -> None:
        # A step raised: valve shut, fault shown, and the caller stops feeding the watchdog.
        self.failed = True
        self.valve_commanded = 0
        self.faults |= 1 << FAULT_INTERNAL
        self.run_state = RUN_FAULT
        self._set_relay(self._valve.fail_level)
        self._set_signals(FAILED)

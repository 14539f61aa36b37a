# What is looked at once a second rather than in each step: currents, reference, climate, drift, tamper, service life,
# and what the background checks have found.
from array import array

from safety.annunciator import is_aside
from safety.baseline import Baseline
from safety.climate import Climate, between, factor_permille
from safety.codes import (
    EVENT_END_OF_SERVICE,
    EVENT_TAMPER,
    FAULT_ADC_REFERENCE,
    FAULT_CLIMATE,
    FAULT_CLOCK,
    FAULT_IMAGE,
    FAULT_RAM,
    FAULT_RELAY,
    FAULT_SETTINGS,
    NO_GAS,
    OK,
    SILENT,
)
from safety.concentration import MqReading
from safety.events import EventRing
from safety.health import Health
from safety.kept import HOURS, Kept
from safety.probe import Probe
from safety.service import Service

_CLIMATE_EVERY_S = 10
_MINUTE_S = 60
_BAD_HEATER_LOOKS = 3


class ClimateCurve:
    # Points in 0.01 degC; values at 33 %RH and 85 %RH in thousandths. wet is None where humidity does not matter.
    def __init__(self, points_cdegc: array, dry: array, wet: "array | None") -> None:
        self._points_cdegc = points_cdegc
        self._dry = dry
        self._wet = dry if wet is None else wet

    def permille(self, cdegc: int, rh_permille: int) -> int:
        if self._wet is self._dry:
            return between(self._points_cdegc, self._dry, cdegc)
        return factor_permille(self._points_cdegc, self._dry, self._wet, cdegc, rh_permille)


class Supervision:
    # parts and drivers as the loop has them; a driver whose part is not fitted is never asked.
    def __init__(
        self, parts: dict, drivers: dict, health: Health, events: EventRing, kept: Kept, limit_hours: int
    ) -> None:
        self.climate: Climate = parts["climate"]
        self.aside = 0
        self.tampered = False
        self.heater_cold = False
        self.checks_wrong = 0  # fault bits that the background checks see; written from outside
        self.service = Service(kept.wanted[HOURS], limit_hours)
        self.baseline = Baseline(parts["methane_clean_permille"])
        self._methane: MqReading = parts["methane"]
        self._methane_curve: ClimateCurve = parts["methane_climate"]
        self._co = parts["co"]
        self._co_curve: ClimateCurve | None = parts["co_climate"]
        self._methane_heater: Probe | None = parts["methane_heater"]
        self._co_heater: Probe | None = parts["co_heater"]
        self._reference: Probe | None = parts["reference"]
        self._drivers = drivers
        self._health = health
        self._events = events
        self._kept = kept
        self._cold_looks = 0
        self._told_end = self.service.ended()
        self._applied_checks = 0
        self._second = 0
        self._now_ms = 0
        self._ms = 0
        self._methane_factor = 1000
        self._compensate()
        self._aside()

    def each_second(self, now_ms: int, ms: int, relay_level: int, stuck_on: bool) -> None:
        # ms: since the last call; relay_level: what the relay was last told; stuck_on: it is off and its coil has current.
        if not stuck_on:
            stuck_on = self._drivers["relay"].read() != relay_level
        self._now_ms = now_ms
        self._ms = ms
        self._watch(FAULT_RELAY, stuck_on)
        if self._reference is not None:
            self._watch(FAULT_ADC_REFERENCE, not self._reference.right(self._drivers["reference"].read_uv()))
        self._heaters()
        self._second += 1
        if self.climate.fitted:
            self._look_at_climate()
        if self._second >= _MINUTE_S:
            self._second = 0
            self._minute()
        if self.checks_wrong != self._applied_checks:
            self._apply_checks(now_ms)
        if (self._drivers["tamper"].read() > 0) != self.tampered:
            self._tamper_changed(now_ms)
        if self.service.pass_time(ms):
            self._hour_passed(now_ms)

    def _watch(self, bit: int, wrong: bool) -> None:
        # Nothing to do is the usual case.
        if wrong or self._health.concerns(bit):
            self._health.watch(bit, wrong, self._now_ms, self._ms, NO_GAS, 0)

    def _tamper_changed(self, now_ms: int) -> None:
        self.tampered = not self.tampered
        self._events.push(EVENT_TAMPER, now_ms, NO_GAS, 1 if self.tampered else 0, 0)
        self._aside()

    def _hour_passed(self, now_ms: int) -> None:
        self._kept.want(HOURS, self.service.hours)
        if self.service.ended() and not self._told_end:
            self._told_end = True
            self._events.push(EVENT_END_OF_SERVICE, now_ms, NO_GAS, 0, self.service.hours)
            self._aside()

    def _aside(self) -> None:
        self.aside = is_aside(self.tampered, self.service.ended())

    def _heaters(self) -> None:
        if self._methane_heater is not None:
            if self._methane_heater.right(self._drivers["methane_heater"].read_uv()):
                self._cold_looks = 0
                self.heater_cold = False
            elif self._cold_looks < _BAD_HEATER_LOOKS:
                self._cold_looks += 1
                self.heater_cold = self._cold_looks == _BAD_HEATER_LOOKS
        if self._co_heater is not None:
            self._co.heater(self._co_heater.right(self._drivers["co_heater"].read_uv()))

    def _look_at_climate(self) -> None:
        # One second to ask, the next to fetch: a part takes up to 80 ms to convert.
        phase = self._second % _CLIMATE_EVERY_S
        if phase == 1:
            self._drivers["climate"].start()
        elif phase == 2:
            self._fetch_climate()
        self._watch(FAULT_CLIMATE, self.climate.status == SILENT)

    def _fetch_climate(self) -> None:
        sensor = self._drivers["climate"]
        if self.climate.took(sensor.fetch(), sensor.cdegc, sensor.rh_permille):
            self._compensate()

    def _minute(self) -> None:
        # Without a climate sensor cold air and drift look the same, and the worst case is assumed already.
        if self.climate.status == OK:
            ratio = self._methane.clean_ratio_permille()
            ratio = (ratio if ratio < 200_000 else 200_000) * 1000 // self._methane_factor
            if self.baseline.minute(ratio):
                self._compensate()

    def _compensate(self) -> None:
        climate = self.climate
        self._methane_factor = factor = self._methane_curve.permille(climate.cdegc, climate.rh_permille)
        self._methane.compensate(factor * self.baseline.permille // 1000)
        if self._co_curve is not None:
            self._co.compensate(self._co_curve.permille(climate.cdegc, climate.rh_permille))

    def _apply_checks(self, now_ms: int) -> None:
        wrong = self.checks_wrong
        self._check(FAULT_SETTINGS, wrong, now_ms)
        self._check(FAULT_IMAGE, wrong, now_ms)
        self._check(FAULT_RAM, wrong, now_ms)
        self._check(FAULT_CLOCK, wrong, now_ms)
        self._applied_checks = wrong

    def _check(self, bit: int, wrong: int, now_ms: int) -> None:
        mask = 1 << bit
        if wrong & mask:
            self._health.set(bit, now_ms, NO_GAS, 0)
        elif self._applied_checks & mask:
            self._health.clear(bit, now_ms)

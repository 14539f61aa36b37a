"""The guided calibration: clean air, span gas, and both again; then the number goes into the unit and is looked at with gas.

It knows no screen: `told` hears how it goes, `apply` returns when the person has let in the gas that it names. Until the one
command that stores the number, the unit is as it was; from then on it is calibrated. What can go wrong after that is put back.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from davy import codec
from davy.bench.calibration.desk_unit import DeskUnit, climate_of, day_of, number_of, voltage_of
from davy.bench.calibration.sensing import Climate, Sensing
from davy.bench.calibration.stability import Steadiness, Watch
from davy.bench.calibration.two_point import Point, Refused, TwoPoint, check_answer, check_climate, two_point
from davy.bench.errors import BenchError

Gas = Literal["clean", "span"]
Step = Literal["meet", "warm", "clean", "span", "store", "restart", "verify", "put_back"]
#: The order of the gases: each twice, so that drift shows; the last look is at span gas, by which the number is then checked.
ROUND: tuple[Gas, ...] = ("clean", "span", "clean", "span")

_WARM_WITHIN_S = 600.0
#: A fault that lasts so long is no loose contact, and nobody has to wait for it.
_BROKEN_S = 20.0
_VERIFY_READINGS = 30
#: [D] Of the span: what the reading may be off afterwards. 3.5 % of Rs, which the uncertainty allows, are 10 % in ppm.
VERIFY_TOLERANCE = 0.10
#: Statuses whose voltage means something, though the unit may have no number to make ppm of it.
_USABLE = (codec.Status.OK, codec.Status.UNCALIBRATED, codec.Status.SATURATED)
_BROKEN = (codec.Status.OPEN, codec.Status.SHORT, codec.Status.STUCK, codec.Status.HEATER, codec.Status.SILENT)


@dataclass(frozen=True)
class Progress:
    """Where it stands. `look` counts the looks at the gases from 0; `seen` is what the window shows once it is full."""

    step: Step
    look: int = 0
    uv: int | None = None
    ppm: int | None = None
    status: codec.Status | None = None
    seen: Steadiness | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Job:
    """What is to be done. `tolerance` is the certificate's, as a part (0.02 for 2 %); `climate` by hand, None for the unit's own part."""

    sensing: Sensing
    span_ppm: float
    tolerance: float
    today: datetime.date
    climate: Climate | None = None


@dataclass
class Course:
    """All that was seen, also of a calibration that came to no end. `series` holds (s, uV) of the unit's clock, look by look."""

    outcome: Literal["pass", "refused", "aborted"] = "aborted"
    why: str = ""
    identifier: str = ""
    firmware: str = ""
    before: int | None = None
    day_before: datetime.date | None = None
    points: list[Point] = field(default_factory=list)
    series: list[tuple[str, list[tuple[float, int]]]] = field(default_factory=list)
    result: TwoPoint | None = None
    #: None: it was told to keep the number, and what became of that was not heard.
    stored: bool | None = False
    put_back: bool = False
    in_force: int | None = None
    calibration_days: int | None = None
    verified_ppm: float | None = None
    expected_ppm: float | None = None


class Guide:
    """One calibration of one unit. `course` is true at any moment, so an abort leaves it to be looked at."""

    def __init__(
        self, unit: DeskUnit, job: Job, told: Callable[[Progress], None], apply: Callable[[Gas, int], None]
    ) -> None:
        self.course = Course()
        self._unit, self._job, self._told, self._apply = unit, job, told, apply

    def run(self) -> Course:
        """Raises Refused for nonsense, BenchError when the unit or its line fails; what an exception leaves is `course`."""
        try:
            self._run()
            self.course.outcome = "pass"
        except Refused as refused:
            self.course.outcome, self.course.why = "refused", str(refused)
            raise
        except BaseException as error:
            self.course.why = str(error) or type(error).__name__
            raise
        return self.course

    def _run(self) -> None:
        course, job = self.course, self._job
        self._told(Progress("meet"))
        hello = self._unit.meet()
        course.identifier = hello.identifier
        course.firmware = f"{hello.firmware_major}.{hello.firmware_minor}.{hello.firmware_patch}"
        _, readings = self._unit.readings()
        course.before, course.day_before = number_of(job.sensing, readings), day_of(readings)
        check_climate(climate_of(self._warm(), job.climate))
        for look, gas in enumerate(ROUND):
            self._apply(gas, look)
            course.points.append(self._steady(gas, look))
            if look == 1:
                check_answer(job.sensing, course.points[0], course.points[1], job.span_ppm)
        one, two, three, four = course.points
        course.result = two_point(job.sensing, (one, three), (two, four), job.span_ppm, job.tolerance)
        self._store(course.result.value)
        try:
            self._verify(course.result.value)
        except Refused:
            self._put_back()
            raise

    def _warm(self) -> codec.Readings:
        # A cold heater: the voltage of the first half minute is none of the sensor's. And the climate part has not been asked yet.
        began_s = self._unit.clock.now_s()
        while True:
            _, readings = self._unit.readings()
            status, uv = voltage_of(self._job.sensing.gas, readings)
            self._told(Progress("warm", uv=uv, status=status, seconds=self._unit.clock.now_s() - began_s))
            asks_climate = self._job.climate is None and readings.climate_status == codec.Status.WARMING
            if status is not codec.Status.WARMING and uv is not None and not asks_climate:
                return readings
            if self._unit.clock.now_s() - began_s > _WARM_WITHIN_S:
                self._no_reading(status)
            self._unit.clock.wait(self._job.sensing.limits.ask_s)

    def _steady(self, gas: Gas, look: int) -> Point:
        sensing, watch = self._job.sensing, Watch(self._job.sensing.limits)
        course: list[tuple[float, int]] = []
        self.course.series.append((gas, course))
        seen: Steadiness | None = None
        began_s = sound_s = -1.0
        while True:
            at_s, readings = self._unit.readings()
            began_s = at_s if began_s < 0 else began_s
            status, uv = voltage_of(sensing.gas, readings)
            usable = uv is not None and status in _USABLE
            sound_s = at_s if status not in _BROKEN or sound_s < 0 else sound_s
            if at_s - sound_s > _BROKEN_S:
                self._no_reading(status)
            if uv is not None and (not course or at_s > course[-1][0]):
                course.append((at_s, uv))
            now = watch.add(at_s, sensing.signal(uv) if usable and uv is not None else None)
            seen = now or seen
            self._told(Progress(gas, look, uv, None, status, now, at_s - began_s))
            climate = check_climate(climate_of(readings, self._job.climate))
            if now is not None and now.steady and uv is not None:
                window = [each for t_s, each in course if at_s - t_s <= now.seconds]
                return Point(gas, sum(window) / len(window), now, climate, at_s)
            if watch.given_up(at_s):
                if not usable:
                    self._no_reading(status)
                raise Refused(
                    f"the reading of {'clean air' if gas == 'clean' else 'span gas'} did not become steady in "
                    f"{sensing.limits.give_up_s:.0f} s ({seen.words() if seen else 'no full window'})",
                    "let the unit warm up longer, keep the flow of gas even and draughts away",
                )
            self._unit.clock.wait(self._job.sensing.limits.ask_s)

    def _no_reading(self, status: codec.Status) -> NoReturn:
        said = status.name.lower()
        raise Refused(
            f"the sensor gives no reading ({said})",
            "mend or replace it first" if status in _BROKEN else "let it warm up, and begin again",
        )

    def _store(self, value: int) -> None:
        self._told(Progress("store"))
        self.course.stored = None
        outcome = self._unit.put(self._job.sensing, value, self._job.today)
        where = f"unit {self.course.identifier}"
        if outcome is None:
            raise BenchError(
                "device", where, "did not say whether it kept the number", "ask it with davy calibrate again"
            )
        if outcome is not codec.Outcome.DONE:
            self.course.stored = False
            said = outcome.name.lower().replace("_", " ")
            raise BenchError(
                "device", where, f"did not keep the number ({said}); it is as it was", "flash its record again"
            )
        self.course.stored = True

    def _verify(self, value: int) -> None:
        # The gas is still the span gas of the last look.
        job, course = self._job, self.course
        self._told(Progress("restart"))
        self._unit.restart()
        _, readings = self._unit.readings()
        course.in_force = number_of(job.sensing, readings)
        hello = self._unit.hello
        assert hello is not None
        course.calibration_days = hello.calibration_days
        if course.in_force != value:
            raise Refused(
                f"the unit measures by {course.in_force} after its restart, not by {value}", "flash its record again"
            )
        self._warm()
        wanted, found = _VERIFY_READINGS, list[int]()
        began_s = self._unit.clock.now_s()
        while len(found) < wanted:
            state = self._unit.state()
            methane = job.sensing.gas == "methane"
            status = codec.Status(state.methane_status if methane else state.co_status)
            ppm = state.methane_ppm if methane else state.co_ppm
            self._told(Progress("verify", ppm=ppm, status=status, seconds=self._unit.clock.now_s() - began_s))
            if ppm is not None:
                found.append(ppm)
            elif self._unit.clock.now_s() - began_s > _WARM_WITHIN_S:
                self._no_reading(status)
            self._unit.clock.wait(job.sensing.limits.ask_s)
        self._judge(sum(found) / len(found))

    def _judge(self, ppm: float) -> None:
        # A unit without a climate part reads high, as it must; so it is held against what it has to read.
        job, course = self._job, self.course
        _, readings = self._unit.readings()
        methane = job.sensing.gas == "methane"
        permille = readings.methane_factor_permille if methane else readings.co_factor_permille
        climate = check_climate(climate_of(readings, job.climate))
        course.verified_ppm = ppm
        course.expected_ppm = job.sensing.reads_ppm(job.span_ppm, climate, (permille or 1000) / 1000)
        if abs(ppm / course.expected_ppm - 1.0) > VERIFY_TOLERANCE:
            raise Refused(
                f"the unit reads {ppm:.0f} ppm where it should read {course.expected_ppm:.0f}",
                "keep the span gas on until the end, and begin again",
            )

    def _put_back(self) -> None:
        # As it was: the number and the day before, or none.
        course = self.course
        self._told(Progress("put_back"))
        outcome = self._unit.put(self._job.sensing, course.before or 0, course.day_before)
        if outcome is codec.Outcome.DONE:
            self._unit.restart()
            course.in_force = number_of(self._job.sensing, self._unit.readings()[1])
            course.put_back = course.in_force == course.before

"""Everything outside a board that its sensors feel: room, leak, climate, sensors. In closed form, on demand.

`adc_uv` looks ahead under the assumption that nothing changes, and changes nothing itself; `advance` commits. Inputs
take effect at `now_ms`. Noise and drift are functions of seed and absolute time, so a look-ahead that is thrown away
and asked for again gives the same values at the same instants.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from davy.board.analogue import FAULTS_OF_PART, SENSOR_FAULTS
from davy.board.cell_sensor import CellModel
from davy.board.curves import Floats
from davy.board.drive import Drive
from davy.board.mq_sensor import LOW_PHASE_PERMILLE, RADIO_DIP_FACTOR, SensorModel, new_mq
from davy.board.replay import Replay
from davy.board.room import BACKGROUND_PPM, GasState, RoomConfig, along, lagged
from davy.board.ze07_sensor import EVERY_MS, Ze07Model
from davy.image.boardparts import BoardSpec, CellSensor, MqSensor, SerialSensor
from davy.image.calibration import Calibration, calibration_of

Sensor = SensorModel | CellModel | Ze07Model

GASES = ("methane", "co")
#: Of the transmissions, the part that shows in the readings. Assumed.
DIP_PROBABILITY = 0.1


class Plant:
    """The world of one board; gases are named `methane` and `co`, concentrations are in ppm by volume."""

    def __init__(self, spec: BoardSpec, room: RoomConfig, seed: int) -> None:
        self.now_ms = 0.0
        self._room = room
        self._seed = seed
        self._ventilation_ach = room.ventilation_ach
        self._degc, self._rh_percent = room.temperature_degc, room.humidity_percent
        self._valve_open = True
        self._powered = True
        self._dip_until_ms = -1.0
        self._dips = 0
        # The course of each gas from change to change: (start, end, {gas: (ppm at the start, tends to, rate)}).
        self._past: list[tuple[float, float, dict[str, tuple[float, float, float]]]] = []
        self._jumped = False
        self._gases = {gas: GasState(BACKGROUND_PPM[gas], BACKGROUND_PPM[gas]) for gas in GASES}
        self._spec = spec
        self._sensors: dict[str, Sensor] = {"methane": new_mq("methane", spec.methane, seed, BACKGROUND_PPM["methane"])}
        if spec.co is not None:
            self._sensors["co"] = _co_sensor(spec.co, seed)
        self.set_power(True)

    # The truth

    @property
    def methane_ppm(self) -> float:
        """Methane in the room now."""
        return self._gases["methane"].ppm

    @property
    def co_ppm(self) -> float:
        """CO in the room now."""
        return self._gases["co"].ppm

    def truth(self, start_ms: int, count: int, period_ms: int) -> dict[str, Floats]:
        """Concentration of each gas in the room at start_ms + i * period_ms, if nothing changes."""
        seconds = self._seconds(start_ms, count, period_ms)
        return {gas: along(state.ppm, *self._course(gas), seconds) for gas, state in self._gases.items()}

    def true_calibration(self) -> Calibration:
        """Of this very unit: what a calibration with span gas would find."""
        return calibration_of(self._spec, {gas: sensor.own_value for gas, sensor in self._sensors.items()})

    @property
    def climate(self) -> tuple[float, float]:
        """Temperature in degC and relative humidity in percent."""
        return self._degc, self._rh_percent

    def sensor_fault(self, gas: str) -> str | None:
        """What is broken at a sensor; KeyError for one that is not fitted."""
        return self._sensors[gas].fault

    # Looking ahead, and going there

    def adc_uv(self, start_ms: int, count: int, period_ms: int) -> dict[int, NDArray[np.int32]]:
        """Microvolts at each ADC pin at start_ms + i * period_ms, if nothing changes. Changes nothing."""
        seconds = self._seconds(start_ms, count, period_ms)
        t_ms = np.asarray(start_ms + np.arange(count) * float(period_ms))
        readings = {}
        for gas, sensor in self._sensors.items():
            if isinstance(sensor, Ze07Model):
                continue
            uv = sensor.pin_uv(t_ms, self._sensed(gas, sensor, seconds), self._degc, self._rh_percent)
            if t_ms[0] < self._dip_until_ms:
                dipped = (uv * RADIO_DIP_FACTOR).astype(np.int32)
                uv = np.where(t_ms < self._dip_until_ms, dipped, uv).astype(np.int32)
            readings[sensor.pin] = uv
        return readings

    def co_uploads(self, start_ms: int, end_ms: int) -> list[tuple[int, bytes]]:
        """(virtual ms, frame) that a serial CO module sends after start_ms up to end_ms, if nothing changes."""
        sensor = self._sensors.get("co")
        if not isinstance(sensor, Ze07Model):
            return []
        first_ms = (start_ms // EVERY_MS + 1) * EVERY_MS
        count = (end_ms - first_ms) // EVERY_MS + 1
        if count <= 0:
            return []
        ppm = self._sensed("co", sensor, self._seconds(first_ms, count, EVERY_MS))
        return sensor.uploads(np.asarray(first_ms + np.arange(count) * float(EVERY_MS)), ppm)

    def co_answer(self, data: bytes) -> bytes:
        """What a serial CO module says to bytes on its line."""
        sensor = self._sensors.get("co")
        return sensor.answer(data) if isinstance(sensor, Ze07Model) else b""

    def advance(self, to_ms: float) -> None:
        """Commit the course of things up to to_ms; never back."""
        if to_ms <= self.now_ms:
            return
        self._remember(to_ms)
        seconds = np.array([(to_ms - self.now_ms) / 1000.0])
        for gas, sensor in self._sensors.items():
            sensor.sensed_ppm = float(self._sensed(gas, sensor, seconds)[0])
        for gas, state in self._gases.items():
            state.ppm = float(along(state.ppm, *self._course(gas), seconds)[0])
        self.now_ms = float(to_ms)

    def history(self, t_s: Floats) -> dict[str, Floats]:
        """Concentration of each gas in the room at past times, in virtual seconds (rising)."""
        courses = {gas: np.full(len(t_s), state.ppm) for gas, state in self._gases.items()}
        for start_ms, end_ms, started in self._past:
            first, last = np.searchsorted(t_s, [start_ms / 1000.0, end_ms / 1000.0])
            for gas, (ppm, tends_to, rate) in started.items():
                courses[gas][first:last] = along(ppm, tends_to, rate, t_s[first:last] - start_ms / 1000.0)
        return courses

    # Inputs

    def set_valve_open(self, is_open: bool) -> None:
        """The leak is behind the valve."""
        self._valve_open = is_open

    def set_leak(self, gas: str, litres_per_min: float) -> None:
        """A leak of pure gas; 0 ends it."""
        self._gases[gas].leak_l_per_min = litres_per_min

    def set_ventilation(self, air_changes_per_hour: float) -> None:
        """Open a window, or shut it."""
        self._ventilation_ach = air_changes_per_hour

    def force_ppm(self, gas: str, ppm: float | None) -> None:
        """Hold the room's concentration; None lets it go. The sensor's lag still holds."""
        state = self._gases[gas]
        state.forced_ppm = ppm
        if ppm is not None:
            state.ppm = ppm
        self._jumped = True

    def set_climate(self, degc: float, rh_percent: float) -> None:
        """Temperature and relative humidity."""
        self._degc, self._rh_percent = degc, rh_percent

    def set_heater(self, gas: str, duty_permille: int) -> None:
        """Duty of a heater that the board drives, in thousandths of full power."""
        sensor = self._sensors.get(gas)
        if sensor is not None and sensor.cycled:
            sensor.set_phase(0 < duty_permille < LOW_PHASE_PERMILLE, self.now_ms)

    def set_power(self, powered: bool) -> None:
        """Without power the sensors go cold."""
        self._powered = powered
        for sensor in self._sensors.values():
            sensor.heated_since_ms = self.now_ms if powered else None

    def set_sensor_fault(self, gas: str, fault: str | None) -> None:
        """One that the part can have, or None. Raises ValueError for another, KeyError for a sensor not fitted."""
        sensor = self._sensors[gas]
        possible = FAULTS_OF_PART[sensor.circuit.part]
        if fault is not None and fault not in possible:
            raise ValueError(f"sensor fault {fault!r}: a {sensor.circuit.part} has one of {', '.join(possible)}")
        if fault == "stuck" and sensor.pin is not None:
            sensor.fault = None
            sensor.stuck_uv = int(self.adc_uv(int(self.now_ms), 1, 100)[sensor.pin][0])
        sensor.fault = next((known for known in SENSOR_FAULTS if known == fault), None)

    def set_replay(self, gas: str, replay: Replay | None) -> None:
        """Put a recording in the place of a sensor, from now on."""
        self._sensors[gas].replay = replay.starting_at(self.now_ms) if replay is not None else None

    def drive(self, gas: str, drive: Drive | None) -> None:
        """Put a voltage in the place of an analogue sensor, with the noise of any line, or take it away. KeyError for none fitted."""
        sensor = self._sensors[gas]
        if isinstance(sensor, Ze07Model):
            raise ValueError(f"{gas}: a {sensor.circuit.part} is no voltage")
        sensor.drive = drive

    def tell_co_ppm(self, ppm: float | None) -> None:
        """What a serial CO module tells, whatever is in the air; None for what it senses."""
        sensor = self._sensors.get("co")
        if not isinstance(sensor, Ze07Model):
            raise ValueError("co: the board has no serial module")
        sensor.told_ppm = ppm

    def set_vapour(self, gas: str, rs_factor: float) -> None:
        """An interfering vapour: multiplies that sensor's Rs (1.0: none)."""
        self._sensors[gas].vapour_factor = rs_factor

    def radio_dip(self, duration_ms: int) -> None:
        """A transmission now; some of them pull the readings down for a while."""
        self._dips += 1
        dice = np.random.Generator(np.random.Philox(key=[self._seed, 99], counter=[0, 0, 0, self._dips]))
        if dice.random() < DIP_PROBABILITY:
            self._dip_until_ms = self.now_ms + duration_ms

    # How it works

    def _remember(self, to_ms: float) -> None:
        courses = {gas: self._course(gas) for gas in GASES}
        if self._past:
            start_ms, end_ms, started = self._past[-1]
            same = all(started[gas][1:] == courses[gas] for gas in GASES)
            if same and end_ms == self.now_ms and not self._jumped:
                self._past[-1] = (start_ms, float(to_ms), started)
                return
        self._jumped = False
        now = {gas: (self._gases[gas].ppm, *courses[gas]) for gas in GASES}
        self._past.append((self.now_ms, float(to_ms), now))

    def _seconds(self, start_ms: int, count: int, period_ms: int) -> Floats:
        return np.asarray((start_ms - self.now_ms + np.arange(count) * float(period_ms)) / 1000.0)

    def _course(self, gas: str) -> tuple[float, float]:
        return self._gases[gas].course(self._room.volume_m3, self._ventilation_ach, self._valve_open)

    def _sensed(self, gas: str, sensor: Sensor, seconds: Floats) -> Floats:
        tends_to, rate = self._course(gas)
        return lagged(sensor.sensed_ppm, self._gases[gas].ppm, tends_to, rate, sensor.lag_tau_s, seconds)


def _co_sensor(part: MqSensor | CellSensor | SerialSensor, seed: int) -> Sensor:
    clean_ppm = BACKGROUND_PPM["co"]
    if isinstance(part, SerialSensor):
        return Ze07Model(part, clean_ppm)
    if isinstance(part, CellSensor):
        return CellModel(part, seed, clean_ppm)
    return new_mq("co", part, seed, clean_ppm)

# An electrochemical CO cell (TGS5042) behind a biased transimpedance amplifier: pin = bias + ppm * sensitivity * gain.
#
# The bias lifts zero above the ADC's floor, so a pin far below it is an amplifier without power, not clean air. The
# sensitivity is printed on each cell; its temperature course is the data sheet's.
from safety.codes import OK, OPEN, SATURATED, SILENT, UNCALIBRATED, WARMING
from safety.filter import Filter

_OPEN_BELOW_UV = 100_000  # [D] below the bias: more than noise, offset and a little CO sucked out of the cell
_CEILING_UV = 2_450_000  # the ADC is linear up to here
_BLIND_MS = 10_000  # the amplifier settles
LOW_PA, HIGH_PA = 1_200, 2_400  # a ppm, of cells as sold
_JUMP_UV = 1_500_000


class CellCircuit:
    def __init__(self, bias_uv: int, gain_ohm: int, sensitivity_pa_per_ppm: int) -> None:
        self.bias_uv = bias_uv
        self.gain_ohm = gain_ohm
        self.sensitivity_pa_per_ppm = sensitivity_pa_per_ppm

    def plausible(self) -> bool:
        if not (300_000 <= self.bias_uv <= 1_500_000 and 100_000 <= self.gain_ohm <= 10_000_000):
            return False
        return LOW_PA <= self.sensitivity_pa_per_ppm <= HIGH_PA

    def nv_per_ppm(self) -> int:
        return self.sensitivity_pa_per_ppm * (self.gain_ohm // 1_000)


class CoCell:
    heater_permille = 0

    def __init__(self, circuit: CellCircuit, range_ppm: int, stuck_samples: int) -> None:
        self.value_ppm = 0
        self.status = WARMING
        self.circuit = circuit
        self.permille = 1_000
        self._calibrated = circuit.plausible()
        self._bias_uv = circuit.bias_uv
        self._range_ppm = range_ppm
        self._uv_per_10_ppm = circuit.nv_per_ppm() // 100 if self._calibrated else 1
        self._scaled = self._uv_per_10_ppm
        self.filter = Filter(stuck_samples, _JUMP_UV)
        self._up_ms = 0

    def compensate(self, permille: int) -> None:
        # permille: the cell's current against 20 degC.
        self.permille = permille
        self._scaled = self._uv_per_10_ppm * permille // 1_000
        if self._scaled < 1:
            self._scaled = 1

    def heater(self, warm: bool) -> None:
        # It has none.
        pass

    def wants_sample(self, dt_ms: int) -> bool:
        if self._up_ms < _BLIND_MS:
            self._up_ms += dt_ms
        return True

    def sample(self, uv: int) -> None:
        # uv: microvolts at the pin, negative when the ADC gave none.
        doubt = self.filter.push(uv)
        median = self.filter.uv
        if median < 0:
            if doubt:
                self._is(SILENT, 0)
        elif not self._calibrated:
            self._is(UNCALIBRATED, 0)
        elif median < self._bias_uv - _OPEN_BELOW_UV:
            self._is(OPEN, 0)
        elif median >= _CEILING_UV:
            self._is(SATURATED, 0)
        elif doubt:
            self._is(doubt, 0)
        elif self._up_ms < _BLIND_MS:
            self._is(WARMING, 0)
        else:
            above_uv = median - self._bias_uv
            ppm = above_uv * 10 // self._scaled if above_uv > 0 else 0
            if ppm > self._range_ppm:
                self._is(SATURATED, 0)
            else:
                self._is(OK, ppm)

    def _is(self, status: int, ppm: int) -> None:
        self.status = status
        self.value_ppm = ppm

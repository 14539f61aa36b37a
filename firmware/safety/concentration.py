# From microvolts at the ADC pin to a reading: (value, status), and a status other than OK never has a value.
from array import array

from safety.codes import OK, OPEN, SATURATED, SHORT, SILENT, STUCK, UNCALIBRATED, WARMING

STEP_BITS = 13  # the table has a point each 2**13 uv: within 2 % of the curve up to 2000 ppm of CO
STEP_UV = 1 << STEP_BITS
POINTS = 384  # up to 3.1 V, the ADC's ceiling
OPEN_UV = 150_000  # below, the ADC is not linear and a connected sensor never is
SHORT_PERMILLE = 985  # of the supply behind the divider
MAX_PPM = 65_535  # so that an interpolation stays below 2**30


def curve_ppm(ratios: array, ppms: array, ratio_permille: int) -> int:
    # ppm at Rs/R0; beyond the table its ends. ratios fall, ppms rise.
    if ratio_permille >= ratios[0]:
        return int(ppms[0])
    low = 0
    high = len(ratios) - 1
    if ratio_permille <= ratios[high]:
        return int(ppms[high])
    while high - low > 1:
        middle = (low + high) >> 1
        if ratios[middle] >= ratio_permille:
            low = middle
        else:
            high = middle
    span = ratios[low] - ratios[high]
    return int(ppms[low] + (ppms[high] - ppms[low]) * (ratios[low] - ratio_permille) // span)


class Circuit:
    # A sensor's circuit: ohms and microvolts, as board.json has them. Resistances up to 1 Mohm.
    def __init__(
        self, supply_uv: int, load_ohm: int, r0_ohm: int, divider_top_ohm: int, divider_bottom_ohm: int
    ) -> None:
        self.supply_uv = supply_uv
        self.load_ohm = load_ohm
        self.r0_ohm = r0_ohm
        self.divider_permille = (divider_top_ohm + divider_bottom_ohm) * 1000 // divider_bottom_ohm

    def plausible(self) -> bool:
        # Within what the integer arithmetic below can carry, and what a sensor can be.
        if not (1_000_000 <= self.supply_uv <= 6_000_000 and 1_000 <= self.divider_permille <= 3_400):
            return False
        return 100 <= self.r0_ohm <= 1_000_000 and 50 <= self.load_ohm * 1000 // self.r0_ohm <= 20_000

    def full_uv(self) -> int:
        # At the pin when the sensor is a short.
        return self.supply_uv // self.divider_permille * 1000

    def ratio_permille(self, pin_uv: int) -> int:
        # Rs/R0 in thousandths; every intermediate stays below 2**30.
        load = pin_uv // 10 * self.divider_permille // 1000  # units of 10 uv
        supply = self.supply_uv // 10
        if load <= 0:
            return 1_000_000
        if load >= supply:
            return 0
        across = supply - load
        fine = 1
        while across < 60_000 and fine < 16:
            # A small Rs has few digits left in thousandths of RL.
            across += across
            fine += fine
        rs_rl = across * 1000 // load  # thousandths of RL, and finer
        if rs_rl > 50_000:
            rs_rl = 50_000
        return rs_rl * (self.load_ohm * 1000 // self.r0_ohm) // (1000 * fine)


class MqReading:
    # One MQ sensor: feed it a sample each step, read value_ppm and status.
    def __init__(self, circuit: Circuit, ratios: array, ppms: array, range_ppm: int, stuck_samples: int) -> None:
        self.value_ppm = 0
        self.status = WARMING
        self.range_ppm = range_ppm if range_ppm < MAX_PPM else MAX_PPM
        self._calibrated = circuit.plausible()
        self._table = array("i", [0] * POINTS)
        self._short_uv = 0
        if self._calibrated:
            self._short_uv = circuit.full_uv() // 1000 * SHORT_PERMILLE
            for at in range(1, POINTS):
                ppm = curve_ppm(ratios, ppms, circuit.ratio_permille(at << STEP_BITS))
                self._table[at] = ppm if ppm < MAX_PPM else MAX_PPM
        self._stuck_samples = stuck_samples
        self._same = 0
        self._b = self._c = self._d = self._e = 0
        self._filled = 0

    def sample(self, uv: int) -> None:
        # uv: microvolts at the pin, negative when the ADC gave none.
        if uv == self._e:
            if self._same < self._stuck_samples:
                self._same += 1
        else:
            self._same = 0
        # Median of the last five: a transmission pulls readings down for up to 180 ms, so two of five at most.
        a = self._b
        self._b = b = self._c
        self._c = c = self._d
        self._d = d = self._e
        self._e = e = uv
        if self._filled < 5:
            self._filled += 1
            if self._filled < 5:
                self.status = SILENT if uv < 0 else self.status
                return
        # a <= b, d <= e, a <= d: then a is out, and the second of the other four is the median.
        if a > b:
            a, b = b, a
        if d > e:
            d, e = e, d
        if a > d:
            b, d, e = e, a, b
            if d > e:
                d, e = e, d
        if b > c:
            b, c = c, b
        median = (c if c < d else d) if b < d else (b if b < e else e)
        if self._same >= self._stuck_samples and OPEN_UV < median < self._short_uv:
            self._fault(STUCK)
        elif OPEN_UV < median < self._short_uv:
            at = median >> STEP_BITS
            low = self._table[at]
            ppm = low + ((self._table[at + 1] - low) * (median & (STEP_UV - 1)) >> STEP_BITS)
            if ppm > self.range_ppm:
                self._fault(SATURATED)
            else:
                self.value_ppm = ppm
                self.status = OK
        elif median < 0:
            self._fault(SILENT)
        elif not self._calibrated:
            self._fault(UNCALIBRATED)
        elif median <= OPEN_UV:
            self._fault(OPEN)
        else:
            self._fault(SHORT)

    def _fault(self, status: int) -> None:
        self.status = status
        self.value_ppm = 0

    def forget(self) -> None:
        # Start the filter anew: what was sampled before belongs to another phase.
        self._filled = 0
        self._same = 0

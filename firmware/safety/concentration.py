# From microvolts at the ADC pin to a reading: (value, status), and a status other than OK never has a value.
from array import array

from safety.codes import OK, OPEN, SATURATED, SHORT, UNCALIBRATED, WARMING
from safety.filter import Filter

STEP_BITS = 13  # the table has a point each 2**13 uv: within 2 % of the curve up to 2000 ppm of CO
STEP_UV = 1 << STEP_BITS
POINTS = 384  # up to 3.1 V, the ADC's ceiling
OPEN_UV = 150_000  # below, the ADC is not linear and a connected sensor never is
SHORT_PERMILLE = 985  # of the supply behind the divider
_COARSE_BITS = 6
_SHARE_BITS = 14
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
    # One MQ sensor: feed it a sample each step, read value_ppm and status; filter.uv, circuit and permille say what they are made of.
    #
    # compensate() says how many thousandths Rs is of what the curve's conditions would give; a sample's voltage is moved
    # to where those conditions would have it, then looked up.
    def __init__(self, circuit: Circuit, ratios: array, ppms: array, range_ppm: int, stuck_samples: int) -> None:
        self.value_ppm = 0
        self.status = WARMING
        self.range_ppm = range_ppm if range_ppm < MAX_PPM else MAX_PPM
        self.circuit = circuit
        self.calibrated = circuit.plausible()
        self._table = array("i", [0] * POINTS)
        self._short_uv = 0
        self._full = 0
        self.permille = 1000
        if self.calibrated:
            full_uv = circuit.full_uv()
            self._full = full_uv >> _COARSE_BITS
            self._short_uv = full_uv // 1000 * SHORT_PERMILLE
            for at in range(1, POINTS):
                ppm = curve_ppm(ratios, ppms, circuit.ratio_permille(at << STEP_BITS))
                self._table[at] = ppm if ppm < MAX_PPM else MAX_PPM
        self.filter = Filter(stuck_samples, circuit.full_uv() // 3 * 2 if self.calibrated else 2_000_000)

    def compensate(self, permille: int) -> None:
        self.permille = 500 if permille < 500 else 2000 if permille > 2000 else permille

    def sample(self, uv: int) -> None:
        # uv: microvolts at the pin, negative when the ADC gave none.
        filtered = self.filter
        doubt = filtered.push(uv)
        median = filtered.uv
        if median < 0:
            if doubt:
                self._fault(doubt)
        elif doubt and not OPEN_UV < median < self._short_uv:
            self._bad(median)
        elif doubt:
            self._fault(doubt)
        elif OPEN_UV < median < self._short_uv:
            self._look_up(median if self.permille == 1000 else self._moved(median))
        else:
            self._bad(median)

    def _look_up(self, uv: int) -> None:
        at = uv >> STEP_BITS
        low = self._table[at]
        ppm = low + ((self._table[at + 1] - low) * (uv & (STEP_UV - 1)) >> STEP_BITS)
        if ppm > self.range_ppm:
            self._fault(SATURATED)
        else:
            self.value_ppm = ppm
            self.status = OK

    def _moved(self, median: int) -> int:
        # With u = uv / full, (1 - u) / u is Rs / RL; dividing that by the factor f gives u f / (u f + 1 - u).
        coarse = median >> _COARSE_BITS
        part = coarse * self.permille
        whole = part + (self._full - coarse) * 1000
        share = part // (whole >> _SHARE_BITS)
        moved = (self._full * share >> _SHARE_BITS) << _COARSE_BITS
        return moved if moved < self._short_uv else self._short_uv

    def _bad(self, median: int) -> None:
        if not self.calibrated:
            self._fault(UNCALIBRATED)
        elif median <= OPEN_UV:
            self._fault(OPEN)
        else:
            self._fault(SHORT)

    def _fault(self, status: int) -> None:
        self.status = status
        self.value_ppm = 0

    def clean_ratio_permille(self) -> int:
        # Rs/R0 of the newest median, as measured; 0 while there is no number.
        return self.circuit.ratio_permille(self.filter.uv) if self.status == OK else 0

    def forget(self) -> None:
        # Start the filter anew: what was sampled before belongs to another phase.
        self.filter.forget()

# What every analogue sensor needs before its curve: the median of five samples, and whether they can be true.
from safety.codes import JUMP, OK, SILENT, STUCK

_JUMP_STEPS = 30  # what follows a jump is not believed for so long


class Filter:
    # push() takes a sample and gives its status; `uv` then holds the median.
    def __init__(self, stuck_samples: int, jump_uv: int) -> None:
        self.uv = -1
        self._stuck_samples = stuck_samples
        self._jump_uv = jump_uv
        self._same = 0
        self._a = self._b = self._c = self._d = self._e = 0
        self._filled = 0
        self._jumped = 0

    def full(self) -> bool:
        return self._filled == 5

    def forget(self) -> None:
        # Start anew: what was sampled before belongs to another phase.
        self._filled = 0
        self._same = 0
        self._jumped = 0
        self.uv = -1

    def push(self, uv: int) -> int:
        # uv: microvolts at the pin, negative when the ADC gave none. OK, SILENT, STUCK or JUMP.
        if uv != self._e:
            self._same = 0
        elif self._same < self._stuck_samples:
            self._same += 1
        self._a = self._b
        self._b = self._c
        self._c = self._d
        self._d = self._e
        self._e = uv
        if self._filled < 5:
            self._filled += 1
            if self._filled < 5:
                return SILENT if uv < 0 else OK
        before = self.uv
        self.uv = median = self._median()
        if median < 0:
            return SILENT
        if before >= 0 and (median - before > self._jump_uv or before - median > self._jump_uv):
            self._jumped = _JUMP_STEPS
        if self._jumped:
            self._jumped -= 1
            return JUMP
        return STUCK if self._same >= self._stuck_samples else OK

    def _median(self) -> int:
        # Of the last five: a transmission pulls readings down for up to 180 ms, so two of five at most.
        a, b, c = self._a, self._b, self._c
        d, e = self._d, self._e
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
        if b < d:
            return c if c < d else d
        return b if b < e else e

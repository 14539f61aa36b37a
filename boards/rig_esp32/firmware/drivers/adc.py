# An ADC1 input of the rig, behind a divider or none.
import machine

_CONVERSIONS = 15  # the median of them: one that is off does not count
FAILED_UV = -1


class DividedInput:
    def __init__(self, pin: int, divider_top_ohm: int, divider_bottom_ohm: int) -> None:
        self._read_uv = machine.ADC(machine.Pin(pin), atten=machine.ADC.ATTN_11DB).read_uv
        self._top_ohm = divider_top_ohm
        self._bottom_ohm = divider_bottom_ohm

    def read_uv(self) -> int:
        # Before the divider. FAILED_UV when a conversion failed.
        try:
            seen = sorted([self._read_uv() for _ in range(_CONVERSIONS)])
        except OSError:
            return FAILED_UV
        middle: int = seen[_CONVERSIONS // 2]
        return middle * (self._top_ohm + self._bottom_ohm) // self._bottom_ohm
